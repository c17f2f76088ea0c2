/** Typing LedgerOS's code: enrols this browser's keys, and a passkey where wanted. */
import { useState } from "preact/hooks";
import { createPasskey } from "../release/passkey";
import { deviceName } from "./Pairing";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

export function Enrolling({ state, worker }: { state: AppState; worker: Worker }) {
  const [code, setCode] = useState("");
  const [withPasskey, setWithPasskey] = useState(true);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ meaning: "done" | "bad"; words: string } | null>(null);
  const online = state.channel.kind === "online";

  async function enrol(event: SubmitEvent) {
    event.preventDefault();
    if (busy || !online) return;
    setBusy(true);
    setSaid(null);
    try {
      const binding = await worker.ask("prepareEnrolment", { code });
      const existing = state.passkeys.map(({ credentialId }) => credentialId);
      const passkey = withPasskey ? await createPasskey(binding, state.issuer?.organisationName ?? "LedgerOS approvals", existing) : null;
      await worker.ask("enrol", { code, binding, deviceName: deviceName(), passkey });
      setCode("");
      setSaid({ meaning: "done", words: passkey ? "Enrolled, with a passkey." : "Enrolled, without a passkey." });
    } catch (error) {
      setSaid({ meaning: "bad", words: words(error) });
    } finally {
      setBusy(false);
    }
  }

  return (
    <form class="stack" onSubmit={(event) => void enrol(event)}>
      {state.issuer && <p class="muted">A new code replaces the enrolment at {state.issuer.organisationName}, or adds a passkey to it.</p>}
      <label>
        Enrolment code
        <input
          class="code"
          type="text"
          name="enrolment-code"
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          placeholder="XXXX-XXXX-XXXX-XXXX"
          autocomplete="off"
          spellcheck={false}
          required
        />
      </label>
      <p class="muted small">Sign in at the LedgerOS dashboard, open Settings &gt; Devices and create a code for this browser.</p>
      <label class="check" id="passkeys">
        <input type="checkbox" name="with-passkey" checked={withPasskey} onChange={(event) => setWithPasskey(event.currentTarget.checked)} />
        <span>Also add a passkey. It proves that you approved, not just this browser.</span>
      </label>
      <button type="submit" class="primary" disabled={busy || !online}>
        {busy ? "Enrolling…" : "Enrol"}
      </button>
      <p role="status" class={said?.meaning ?? (online ? "" : "look")}>
        {said ? `${said.meaning === "done" ? "✓" : "✕"} ${said.words}` : online ? "" : "! Pair with the broker first: it carries the enrolment."}
      </p>
    </form>
  );
}

function words(error: unknown): string {
  if (error instanceof DOMException) {
    return error.name === "InvalidStateError" ? "This authenticator already holds a passkey of this browser." : "No passkey was made. Nothing was enrolled.";
  }
  return error instanceof Error ? error.message : "The enrolment failed.";
}
