/** The two buttons of a request, the passkey, and the box that makes a standing rule of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TypedBounds } from "../policy/bounds";
import type { RequestView, RuleFrom } from "../release/view";
import { BoundsFields, firstBounds } from "./BoundsFields";
import { DenyMenu } from "./DenyMenu";
import { Place } from "./Origin";
import type { Props } from "./Request";
import { sign, wordsOf } from "./sign";
import type { Worker } from "./worker";

const INERT_MS = 800;

/** Whether nothing that is shown has changed for 800 ms: until then a click would answer another question. */
function useSettled(shown: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(shown), INERT_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return settled === shown;
}

export function Deciding({ request, online, worker, toolbar, passkeys }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [rule, setRule] = useState<TypedBounds | null>(null);
  const sent = useRef(-1);
  const settled = useSettled(JSON.stringify([request, online, rule !== null]));
  const ready = settled && online && request.state === "waiting" && !request.paying.mustPick;
  const inWindow = toolbar && request.passkey;

  // The worker looks at the page again and drafts the decision while the finger comes up.
  function press(event: PointerEvent) {
    if (ready && event.isTrusted && !inWindow && !rule) void worker.ask("press", { id: request.id, revision: request.revision }).catch(() => undefined);
  }

  async function approve(event: MouseEvent) {
    // One approval a revision: the second half of a double click finds it taken.
    if (!ready || !event.isTrusted || sent.current === request.revision) return;
    if (inWindow) return goToWindow(worker);
    sent.current = request.revision;
    setProblem(null);
    try {
      if (rule) {
        await makeRule(request, rule, worker);
        setRule(null);
      }
      const challenge = await worker.ask("approve", { id: request.id, revision: request.revision });
      if (!challenge) return;
      const passkey = await sign(challenge.challenge, challenge.credentialIds);
      if (!passkey) setProblem("The passkey did not sign. Nothing was approved.");
      await worker.ask("asserted", { id: request.id, passkey });
    } catch (error) {
      sent.current = -1;
      setProblem(wordsOf(error));
    }
  }

  const deny = (also: "freeze_card" | "pause_agent" | null) => void worker.ask("deny", { id: request.id, also }).catch((error) => setProblem(wordsOf(error)));
  return (
    <footer class="stack">
      <p role="status" class={problem || !online ? "look small" : "muted small"}>
        {!online ? "! The broker is not connected: nothing can be approved now." : problem ? `! ${problem}` : hint(request, inWindow, rule !== null)}
      </p>
      <div class="actions">
        <DenyMenu request={request} settled={settled} onDeny={deny} />
        {request.state !== "choosing" && (
          <button type="button" class={request.mismatch ? "" : "primary"} aria-disabled={!ready} onPointerDown={press} onClick={(event) => void approve(event)}>
            {inWindow ? "Go on in a window" : request.mismatch ? "Approve anyway" : "Approve"}
          </button>
        )}
      </div>
      {request.ruleFrom && passkeys > 0 && <RuleBox from={request.ruleFrom} rule={rule} onRule={setRule} worker={worker} toolbar={toolbar} />}
    </footer>
  );
}

function goToWindow(worker: Worker): void {
  void worker.ask("window", {}).then(() => window.close());
}

async function makeRule({ id, revision }: RequestView, bounds: TypedBounds, worker: Worker): Promise<void> {
  const { ticket, challenge, credentialIds } = await worker.ask("draftRuleHere", { id, revision, bounds });
  const passkey = await sign(challenge ?? "", credentialIds);
  if (!passkey) throw new Error("The passkey did not sign the rule. Nothing was approved.");
  await worker.ask("makeRule", { ticket, passkey });
}

interface RuleBoxProps {
  from: RuleFrom;
  rule: TypedBounds | null;
  onRule(rule: TypedBounds | null): void;
  worker: Worker;
  toolbar: boolean;
}

function RuleBox({ from, rule, onRule, worker, toolbar }: RuleBoxProps) {
  if (toolbar) {
    return (
      <button type="button" class="quiet small" onClick={() => goToWindow(worker)}>
        Allow this agent here up to … (in a window)
      </button>
    );
  }
  return (
    <div class="stack rule-box">
      <label class="check small">
        <input
          type="checkbox"
          name="make-rule"
          checked={rule !== null}
          onChange={(event) => onRule(event.currentTarget.checked ? firstBounds(from.amount, from.currency) : null)}
        />
        <span>
          Allow this agent at <Place origin={from.site} /> up to …
        </span>
      </label>
      {rule && <BoundsFields bounds={rule} currency={from.currency} onChange={onRule} />}
    </div>
  );
}

function hint(request: RequestView, inWindow: boolean, withRule: boolean): string {
  if (request.state === "asserting") return "Your passkey is asked…";
  if (request.state === "choosing") return "";
  if (request.paying.mustPick) return "Choose first whether this page may see the number.";
  if (inWindow) return "This one needs your passkey, which opens in a window.";
  if (withRule) return request.passkey ? "Your passkey signs twice: the rule, then this payment." : "Your passkey signs the rule.";
  return request.passkey ? "Your passkey signs this approval." : "";
}
