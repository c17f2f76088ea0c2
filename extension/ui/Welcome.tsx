/** The first-run page: three steps, each ticked by the state and not by a click. */
import type { ComponentChildren } from "preact";
import { meaningOf } from "../release/meaning";
import { Enrolling } from "./Enrolling";
import { Mark } from "./marks";
import { Pairing } from "./Pairing";
import { useWorker } from "./worker";

export function Welcome() {
  const { worker, state } = useWorker();
  if (!worker || !state) return <main class="options" aria-busy="true" />;
  const { broker, issuer, history, channel } = state;
  const paid = history.some(({ outcome }) => meaningOf(outcome) === "done");
  return (
    <main class="options">
      <header class="stack">
        <h1>LedgerOS in this browser</h1>
        <p>
          When an agent wants to pay, this shows you how much and where. After you approve, it fills the checkout. Each request says whether the page will see the number.
        </p>
      </header>
      <ol class="steps">
        <Step number={1} title="Pair with the broker on this machine" done={broker !== null} now={!broker}>
          {channel.kind === "offline" && (
            <p class="note look">
              ! {channel.message} {channel.cure}
            </p>
          )}
          <Pairing state={state} worker={worker} />
        </Step>
        <Step number={2} title="Enrol at LedgerOS, with a passkey" done={issuer !== null} now={broker !== null && !issuer}>
          <Enrolling state={state} worker={worker} />
        </Step>
        <Step number={3} title="Try a payment" done={paid} now={broker !== null && issuer !== null && !paid}>
          <p>
            Let an agent buy something in this browser: <span class="mono">ledgeros agents add</span> makes its credentials. Requests open by themselves, and you decide; the
            button in the toolbar shows how many wait.
          </p>
          <p class="muted small">
            <span class="mono">ledgeros demo</span> shows an agent shopping in a browser of its own; it does not count here.
          </p>
        </Step>
      </ol>
      <p class="muted small">
        Everything here can be changed later in the <a href="options.html">options</a>.
      </p>
    </main>
  );
}

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  now: boolean;
  children: ComponentChildren;
}

function Step({ number, title, done, now, children }: StepProps) {
  return (
    <li class="section" aria-current={now ? "step" : undefined}>
      <div class="line">
        <h2>
          {number}. {title}
        </h2>
        {done ? <Mark meaning="done" word="Done" /> : <Mark meaning="open" word={now ? "Now" : "Later"} />}
      </div>
      {now && children}
    </li>
  );
}
