/** What was frozen or paused from here, and taking it back. */
import { useState } from "preact/hooks";
import type { Restriction } from "../rules/regret";
import { sign, wordsOf } from "./sign";
import { ago, useNow } from "./time";
import type { AppState } from "./wire";
import type { Worker } from "./worker";

interface Props {
  state: AppState;
  worker: Worker;
  toolbar: boolean;
}

export function Restrictions({ state, worker, toolbar }: Props) {
  if (state.restrictions.length === 0) return null;
  const inWindow = toolbar && state.issuer?.approval !== "click";
  return (
    <section aria-label="Frozen and paused here">
      <ul class="history">
        {state.restrictions.map((one) => (
          <Restricted key={one.kind + one.subject} one={one} worker={worker} inWindow={inWindow} />
        ))}
      </ul>
    </section>
  );
}

function Restricted({ one, worker, inWindow }: { one: Restriction; worker: Worker; inWindow: boolean }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { kind, subject } = one;
  const card = kind === "freeze_card";
  const now = useNow();

  async function undo() {
    if (busy) return;
    if (inWindow) return void worker.ask("window", {}).then(() => window.close());
    setBusy(true);
    setProblem(null);
    try {
      const { ticket, challenge, credentialIds } = await worker.ask("prepareUndo", { kind, subject });
      const passkey = challenge === null ? null : await sign(challenge, credentialIds);
      if (challenge !== null && !passkey) throw new Error("The passkey did not sign. Nothing was changed.");
      await worker.ask("undo", { ticket, passkey });
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <li>
      <span>
        {one.label} <span class="look">{card ? "frozen" : "paused"} !</span>
      </span>
      <button type="button" class="quiet" disabled={busy} onClick={() => void undo()}>
        {card ? "Unfreeze" : "Resume"}
        {inWindow && "…"}
      </button>
      <time class="muted small" title={new Date(one.at).toLocaleString()}>
        {ago(now - one.at)}
      </time>
      {problem && (
        <p class="look small" role="alert">
          ! {problem}{" "}
          <button type="button" class="quiet small" onClick={() => void worker.ask("forgetRestriction", { kind, subject })}>
            Hide this
          </button>
        </p>
      )}
    </li>
  );
}
