/** Typing LedgerOS's code: enrols this browser's keys, and a passkey where wanted. */
import { useState } from "preact/hooks";
import { createPasskey } from "../release/passkey";
import { CodeField, Outcome, useCode } from "./CodeForm";
import { deviceName } from "./Pairing";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

export function Enrolling({ state, worker }: { state: AppState; worker: Worker }) {
  const [withPasskey, setWithPasskey] = useState(true);
  const online = state.channel.kind === "online";

  async function enrol(typed: string): Promise<string> {
    const binding = await worker.ask("prepareEnrolment", { code: typed });
    const existing = state.passkeys.map(({ credentialId }) => credentialId);
    const passkey = withPasskey ? await createPasskey(binding, state.issuer?.organisationName ?? "LedgerOS approvals", existing) : null;
    await worker.ask("enrol", { code: typed, binding, deviceName: deviceName(), passkey });
    return passkey ? "Enrolled, with a passkey." : "Enrolled, without a passkey.";
  }
  const { code, setCode, busy, said, submit } = useCode(enrol, words, online);

  return (
    <form class="stack" onSubmit={submit}>
      {state.issuer && <p class="muted">A new code replaces the enrolment at {state.issuer.organisationName}, or adds a passkey to it.</p>}
      <CodeField name="enrolment-code" code={code} onCode={setCode}>
        Enrolment code
      </CodeField>
      <p class="muted small">Sign in at the LedgerOS dashboard, open Brokers &amp; browsers and create a code for a browser.</p>
      <label class="check" id="passkeys">
        <input type="checkbox" name="with-passkey" checked={withPasskey} onChange={(event) => setWithPasskey(event.currentTarget.checked)} />
        <span>Also add a passkey. It proves that you approved, not just this browser.</span>
      </label>
      <button type="submit" class="primary" disabled={busy || !online}>
        {busy ? "Enrolling…" : "Enrol"}
      </button>
      <Outcome said={said} before={online ? "" : "! Pair with the broker first: it carries the enrolment."} />
    </form>
  );
}

function words(error: unknown): string {
  if (error instanceof DOMException) {
    return error.name === "InvalidStateError" ? "This authenticator already holds a passkey of this browser." : "No passkey was made. Nothing was enrolled.";
  }
  return error instanceof Error ? error.message : "The enrolment failed.";
}
