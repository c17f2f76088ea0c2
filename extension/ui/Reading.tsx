/** How the form of an open page is read: every field, what it was taken for, and which signals decided. */
import { useState } from "preact/hooks";
import type { Explanation } from "../forms/engine/explain";
import { explainTab, type ReadDocument } from "../release/explained";
import type { TabChoice } from "../release/release";
import { openTabs } from "../release/tabs";
import { Mark } from "./marks";

const MOST_FIELDS = 200;

export function Reading() {
  const [tabs, setTabs] = useState<TabChoice[] | null>(null);
  const [read, setRead] = useState<{ tab: TabChoice; documents: ReadDocument[] } | null>(null);
  const [busy, setBusy] = useState(false);
  const list = async () => {
    setRead(null);
    setTabs(await openTabs());
  };
  const explain = async (tab: TabChoice) => {
    setBusy(true);
    setRead({ tab, documents: await explainTab(tab.tabId).finally(() => setBusy(false)) });
  };
  return (
    <section class="section" id="reading">
      <h2>How a form is read</h2>
      <p class="muted">Pick an open page to see every field, what it was taken for, and why. What is typed there is not looked at, and nothing is filled.</p>
      <button type="button" class="quiet" onClick={() => void list()}>
        {tabs ? "List the open pages again" : "List the open pages"}
      </button>
      {tabs && tabs.length === 0 && <p>No page is open that could be filled.</p>}
      {tabs && tabs.length > 0 && (
        <ul class="history">
          {tabs.map((tab) => (
            <li key={tab.tabId}>
              <span>
                {tab.title} <span class="mono muted">{tab.origin}</span>
              </span>
              <button type="button" class="quiet" disabled={busy} onClick={() => void explain(tab)}>
                Explain
              </button>
            </li>
          ))}
        </ul>
      )}
      {read && (
        <div class="stack" role="status" aria-label={`How ${read.tab.title} is read`}>
          {read.documents.map((document, place) => (
            <Document key={place} {...document} />
          ))}
          {read.documents.length === 0 && <p>This page shows nothing that may be filled.</p>}
        </div>
      )}
    </section>
  );
}

function Document({ origin, hosted, controls }: ReadDocument) {
  return (
    <>
      <h3>
        {hosted ? "Frame of " : ""}
        <span class="mono">{origin}</span>
      </h3>
      {controls.length === 0 && <p class="muted">No fields.</p>}
      <ul class="history">
        {controls.slice(0, MOST_FIELDS).map((control, place) => (
          <Field key={place} {...control} />
        ))}
      </ul>
      {controls.length > MOST_FIELDS && <p class="muted small">And {controls.length - MOST_FIELDS} more fields.</p>}
    </>
  );
}

function Field({ control, type, hidden, planned, signals }: Explanation) {
  return (
    <li>
      <span class="mono">{control}</span>
      {planned ? <Mark meaning="done" word={type ?? ""} /> : <Mark meaning="open" word={type ? `${type}, not filled` : "left alone"} />}
      {hidden && <span class="muted small wide">A person does not see it: {hidden}.</span>}
      {signals.length > 0 && (
        <details class="small wide">
          <summary>
            {signals[0]?.type} {signed(signals[0]?.weight ?? 0)}: {signals[0]?.because}
          </summary>
          <ol class="signals">
            {signals.map((signal, place) => (
              <li key={place}>
                <span>{signal.type}</span> <span>{signed(signal.weight)}</span> <span>{signal.because}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
      {signals.length === 0 && <span class="muted small wide">Nothing speaks for any type.</span>}
    </li>
  );
}

const signed = (weight: number) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(1)}`;
