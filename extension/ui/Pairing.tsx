/** Typing the broker's code. */
import { CodeField, Outcome, useCode } from "./CodeForm";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

/** A name for this browser that its owner will recognise in a list. */
export function deviceName(): string {
  const data = (navigator as { userAgentData?: { platform?: string; brands?: { brand: string }[] } }).userAgentData;
  const brand = data?.brands?.map(({ brand: name }) => name).find((name) => !/not.?a.?brand|chromium/i.test(name)) ?? "Chromium";
  return `${brand} on ${data?.platform || "this machine"}`.slice(0, 100);
}

export function Pairing({ state, worker }: { state: AppState; worker: Worker }) {
  const { code, setCode, busy, said, submit } = useCode(
    async (typed) => {
      const { replaces } = await worker.ask("pair", { code: typed, deviceName: deviceName() });
      return replaces ? `Paired. At the broker this takes the place of ${replaces}.` : "Paired.";
    },
    (error) => (error instanceof Error ? error.message : "The pairing failed."),
  );

  return (
    <form class="stack" onSubmit={submit}>
      {state.broker && (
        <p class="note look">
          This browser is paired with broker <span class="mono">{state.broker.id}</span> since {new Date(state.broker.pairedAt).toLocaleDateString()}. A new code
          replaces it.
        </p>
      )}
      <CodeField name="pairing-code" code={code} onCode={setCode}>
        Pairing code
      </CodeField>
      <p class="muted small">
        Run <span class="mono">ledgeros pair</span> in a terminal and type the code it shows.
      </p>
      <button type="submit" class="primary" disabled={busy}>
        {busy ? "Pairing…" : state.broker ? "Replace the pairing" : "Pair"}
      </button>
      <Outcome said={said} />
    </form>
  );
}
