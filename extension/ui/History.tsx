/** The last releases, as a statement shows them. */
import { formatMoney } from "../core/money";
import type { Entry } from "../release/history";
import { meaningOf } from "../release/meaning";
import { Mark, outcomeSentence, outcomeWord } from "./marks";
import { Place } from "./Origin";
import { ago, useNow } from "./time";

export function History({ entries }: { entries: Entry[] }) {
  const now = useNow();
  if (entries.length === 0) return <p class="muted">Nothing was asked yet. Requests of agents appear here.</p>;
  return (
    <section class="scrolls" aria-label="Last releases" tabIndex={0}>
      <ul class="history">
        {entries.map((entry) => (
          <li key={entry.releaseId} title={outcomeSentence(entry.outcome)}>
            <Place origin={entry.origin ?? "no page"} />
            <span class="money">{entry.amount === null ? "" : formatMoney(entry.amount, entry.currency)}</span>
            <span class="muted small">
              {entry.agentName} ·· {entry.last4} · <time title={new Date(entry.at).toLocaleString()}>{ago(now - entry.at)}</time>
            </span>
            <Mark meaning={meaningOf(entry.outcome)} word={outcomeWord(entry.outcome)} />
            {entry.rule && (
              <span class="muted small wide">
                {meaningOf(entry.outcome) === "done" ? "Paid under your rule" : "Decided by your rule"}: {entry.rule}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
