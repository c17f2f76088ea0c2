/** The options page: pairing, enrolment, passkeys, standing rules, whether somebody sits here, how a form is read, and who is who. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { AboutThis, Copied } from "./AboutThis";
import { Enrolling } from "./Enrolling";
import { Mark } from "./marks";
import { Pairing } from "./Pairing";
import { Reading } from "./Reading";
import { Rules } from "./Rules";
import type { AppState } from "./wire";
import { useWorker, type Worker } from "./worker";

/** What is rarely wanted, behind one line; its form stays open once something was typed. */
function Fold({ open, words, children }: { open: boolean; words: string; children: ComponentChildren }) {
  const [opened, setOpened] = useState(open);
  useEffect(() => void (open && setOpened(true)), [open]);
  return opened ? (
    <>{children}</>
  ) : (
    <details onToggle={() => setOpened(true)}>
      <summary>{words}</summary>
    </details>
  );
}

export function Options() {
  const { worker, state } = useWorker();
  if (!worker || !state) return <main class="options" aria-busy="true" />;
  const { channel, issuer, passkeys } = state;
  const again = channel.kind === "offline" && (channel.code === "another_broker" || channel.code === "forgotten");
  return (
    <main class="options">
      <h1>LedgerOS in this browser</h1>
      <section class="section" id="pairing">
        <div class="line">
          <h2>Broker on this machine</h2>
          {channel.kind === "online" ? <Mark meaning="done" word="Connected" /> : <Mark meaning="look" word={state.broker ? "Offline" : "Not paired"} />}
        </div>
        {channel.kind === "offline" && (
          <p class="note look">
            {channel.message} {channel.cure}
          </p>
        )}
        <Fold open={!state.broker || again} words="Pair with another broker">
          <Pairing state={state} worker={worker} />
        </Fold>
      </section>
      <section class="section" id="enrolment">
        <div class="line">
          <h2>LedgerOS</h2>
          {issuer ? <Mark meaning="done" word={`Enrolled at ${issuer.organisationName}`} /> : <Mark meaning="look" word="Not enrolled" />}
        </div>
        {issuer && (
          <p class="muted">
            Since {new Date(issuer.enrolledAt).toLocaleDateString()} ·{" "}
            <a href={issuer.userFacingOrigin} target="_blank" rel="noreferrer">
              {issuer.userFacingOrigin}
            </a>{" "}
            · {passkeys.length === 0 ? "no passkey" : passkeys.length === 1 ? "one passkey" : `${passkeys.length} passkeys`}
          </p>
        )}
        <Fold open={!issuer || location.hash === "#passkeys"} words="Add a passkey, or enrol again">
          <Enrolling state={state} worker={worker} />
        </Fold>
        <Passkeys passkeys={passkeys} />
      </section>
      <Rules state={state} worker={worker} />
      <ThisBrowser state={state} worker={worker} />
      <Reading />
      <AboutThis about={state.about} passkeys={passkeys} />
    </main>
  );
}

function Passkeys({ passkeys }: Pick<AppState, "passkeys">) {
  if (passkeys.length === 0) return null;
  return (
    <>
      <h3>Passkeys of this browser</h3>
      <ul class="history">
        {passkeys.map(({ credentialId, createdAt }) => (
          <li key={credentialId}>
            <span>
              <Copied text={credentialId} words="passkey" />
            </span>
            <span class="muted small">added {new Date(createdAt).toLocaleDateString()}</span>
          </li>
        ))}
      </ul>
      <p class="muted small">A lost one is revoked in the LedgerOS dashboard.</p>
    </>
  );
}

function ThisBrowser({ state: { unattended }, worker }: { state: AppState; worker: Worker }) {
  // What was clicked stays clicked while the worker writes it down, whatever else it tells meanwhile.
  const [chosen, setChosen] = useState(unattended);
  const [fault, setFault] = useState("");
  useEffect(() => setChosen(unattended), [unattended]);
  const choose = async (choice: boolean) => {
    setChosen(choice);
    setFault("");
    try {
      await worker.ask("setUnattended", { unattended: choice });
    } catch (error) {
      setChosen(unattended);
      setFault((error as Error).message);
    }
  };
  return (
    <section class="section" id="browser">
      <h2>This browser</h2>
      <label class="check">
        <input
          type="checkbox"
          name="unattended"
          checked={chosen}
          onChange={(event) => void choose(event.currentTarget.checked)}
        />
        <span>This browser runs unattended. Nobody is asked: what no standing rule covers is refused at once.</span>
      </label>
      {fault && (
        <p class="note bad" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}
