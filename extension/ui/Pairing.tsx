/** Typing the broker's code. */
import { useState } from "preact/hooks";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

/** A name for this browser that its owner will recognise in a list. */
export function deviceName(): string {
  const data = (navigator as { userAgentData?: { platform?: string; brands?: { brand: string }[] } }).userAgentData;
  const brand = data?.brands?.map(({ brand: name }) => name).find((name) => !/not.?a.?brand|chromium/i.test(name)) ?? "Chromium";
  return `${brand} on ${data?.platform || "this machine"}`.slice(0, 100);
}

export function Pairing({ state, worker }: { state: AppState; worker: Worker }) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ meaning: "done" | "bad"; words: string } | null>(null);

  async function pair(event: SubmitEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setSaid(null);
    try {
      const { replaces } = await worker.ask("pair", { code, deviceName: deviceName() });
      setCode("");
      setSaid({ meaning: "done", words: replaces ? `Paired. At the broker this takes the place of ${replaces}.` : "Paired." });
    } catch (error) {
      setSaid({ meaning: "bad", words: error instanceof Error ? error.message : "The pairing failed." });
    } finally {
      setBusy(false);
    }
  }

  return (
    <form class="stack" onSubmit={(event) => void pair(event)}>
      {state.broker && (
        <p class="note look">
          This browser is paired with broker <span class="mono">{state.broker.id}</span> since {new Date(state.broker.pairedAt).toLocaleDateString()}. A new code
          replaces it.
        </p>
      )}
      <label>
        Pairing code
        <input
          class="code"
          type="text"
          name="pairing-code"
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          placeholder="XXXX-XXXX-XXXX-XXXX"
          autocomplete="off"
          spellcheck={false}
          required
        />
      </label>
      <p class="muted small">
        Run <span class="mono">ledgeros pair</span> in a terminal and type the code it shows.
      </p>
      <button type="submit" class="primary" disabled={busy}>
        {busy ? "Pairing…" : state.broker ? "Replace the pairing" : "Pair"}
      </button>
      <p role="status" class={said?.meaning ?? ""}>
        {said && `${said.meaning === "done" ? "✓" : "✕"} ${said.words}`}
      </p>
    </form>
  );
}
