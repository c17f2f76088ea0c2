/** When nothing waits: what is wrong and how to mend it, what happened last, and whom this browser is connected to. */
import { formatMoney } from "../core/money";
import type { Entry } from "../release/history";
import { Mark, meaningOf, outcomeSentence, outcomeWord } from "./marks";
import { Pairing } from "./Pairing";
import { ago, useNow } from "./time";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

const SHOWN = 6;

export function Idle({ state, worker }: { state: AppState; worker: Worker }) {
  const trouble = troubleOf(state);
  return (
    <>
      <header class="line">
        <h1>LedgerOS</h1>
        <Status state={state} />
      </header>
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
      {state.broker ? <History entries={state.history} /> : <Pairing state={state} worker={worker} />}
      <footer class="foot">
        <span class="muted">{state.issuer ? state.issuer.organisationName : "Not enrolled"}</span>
        <a href="options.html" target="_blank">
          Options
        </a>
      </footer>
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
  return null;
}

function History({ entries }: { entries: Entry[] }) {
  const now = useNow();
  if (entries.length === 0) return <p class="muted">Nothing was asked yet. Requests of agents appear here.</p>;
  return (
    <section aria-label="Last releases">
      <ul class="history">
        {entries.slice(0, SHOWN).map((entry) => (
          <li key={entry.releaseId} title={outcomeSentence(entry.outcome)}>
            <span class="mono">{entry.origin?.replace("https://", "") ?? "no page"}</span>
            <span class="money">{entry.amount === null ? "" : formatMoney(entry.amount, entry.currency)}</span>
            <span class="muted small">
              {entry.agentName} ·· {entry.last4} · <time title={new Date(entry.at).toLocaleString()}>{ago(now - entry.at)}</time>
            </span>
            <Mark meaning={meaningOf(entry.outcome)} word={outcomeWord(entry.outcome)} />
          </li>
        ))}
      </ul>
    </section>
  );
}
