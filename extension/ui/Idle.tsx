/** When nothing waits: what is wrong and how to mend it, what happened last, and whom this browser is connected to. */
import type { RequestView } from "../release/view";
import { Alarms } from "./Alarm";
import { Foot } from "./Foot";
import { History } from "./History";
import { Mark } from "./marks";
import { Place } from "./Origin";
import { Pairing } from "./Pairing";
import { Restrictions } from "./Restrictions";
import { wordsFor } from "./UnderWay";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

interface Props {
  state: AppState;
  worker: Worker;
  underWay: RequestView[];
  toolbar: boolean;
}

export function Idle({ state, worker, underWay, toolbar }: Props) {
  const trouble = troubleOf(state);
  return (
    <>
      <header class="line">
        <h1>LedgerOS</h1>
        <Status state={state} />
      </header>
      <Alarms alarms={state.alarms} issuer={state.issuer} worker={worker} />
      {trouble && (
        <div class="note look">
          <p>
            <span class="look" aria-hidden="true">! </span>
            {trouble.message} {trouble.cure}
          </p>
          {trouble.link && (
            <a href={trouble.link} target="_blank">
              {trouble.linkWords}
            </a>
          )}
        </div>
      )}
      <Running requests={underWay} worker={worker} />
      <Restrictions state={state} worker={worker} toolbar={toolbar} />
      {state.broker ? <History entries={state.history} /> : <Pairing state={state} worker={worker} />}
      <Foot issuer={state.issuer}>
        <a href="options.html" target="_blank">
          Options
        </a>
      </Foot>
    </>
  );
}

function Status({ state }: { state: AppState }) {
  switch (state.channel.kind) {
    case "online":
      return <Mark meaning="done" word="Connected" />;
    case "connecting":
      return <Mark meaning="open" word="Connecting…" />;
    case "unpaired":
      return <Mark meaning="look" word="Not paired" />;
    case "offline":
      return <Mark meaning="look" word="Offline" />;
  }
}

interface Trouble {
  message: string;
  cure: string;
  link?: string;
  linkWords?: string;
}

/** The one thing that is wrong now, with its cure. */
function troubleOf(state: AppState): Trouble | null {
  const { channel } = state;
  if (channel.kind === "offline") {
    const again = channel.code === "another_broker" || channel.code === "forgotten";
    return { message: channel.message, cure: channel.cure, ...(again ? { link: "options.html#pairing", linkWords: "Pair again" } : {}) };
  }
  if (channel.kind !== "online") return null;
  if (!state.issuer) {
    return { message: "This browser is not enrolled at LedgerOS.", cure: "", link: "options.html#enrolment", linkWords: "Enrol it" };
  }
  if (state.issuerReachable === false) return { message: "The broker cannot reach LedgerOS.", cure: "Agents cannot be paid for until it can." };
  if (state.passkeys.length === 0 && state.issuer.approval !== "click") {
    return { message: "Payments here need a passkey, and none is set up.", cure: "", link: "options.html#passkeys", linkWords: "Add a passkey" };
  }
  if (state.unattended) {
    return { message: "This browser runs unattended: nobody is asked.", cure: "What no rule covers is refused.", link: "options.html#browser", linkWords: "Change that" };
  }
  return null;
}

function Warned({ words }: { words: string }) {
  return (
    <span class="look small wide">
      <span aria-hidden="true">! </span>
      {words}
    </span>
  );
}

/** Approved and not over: shown in a line each, with Stop while nothing was filled. */
function Running({ requests, worker }: { requests: RequestView[]; worker: Worker }) {
  if (requests.length === 0) return null;
  return (
    <section aria-label="Under way">
      <ul class="history">
        {requests.map((request) => (
          <li key={request.id}>
            <span>
              {request.origin && <Place origin={request.origin.origin} />} {request.amount}
            </span>
            {request.state === "approved" && (
              <button type="button" class="quiet" onClick={() => void worker.ask("stop", { id: request.id }).catch(() => undefined)}>
                Stop
              </button>
            )}
            <span class="muted small wide" role="status">
              {request.rule && request.state !== "paying" ? `Under your rule: ${request.rule}` : wordsFor(request)}
            </span>
            {request.state === "paying" && request.paying.warnings.map((words) => <Warned key={words} words={words} />)}
          </li>
        ))}
      </ul>
    </section>
  );
}
