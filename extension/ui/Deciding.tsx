/** The two buttons of a request, the passkey, and the box that makes a standing rule of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TypedBounds } from "../policy/bounds";
import type { RequestView } from "../release/view";
import { DenyMenu } from "./DenyMenu";
import { Hindered, hindranceOf, useFault } from "./Hindrance";
import type { Props } from "./Request";
import { RuleBox } from "./RuleBox";
import { sign, wordsOf } from "./sign";
import { goToWindow, type Worker } from "./worker";

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

export function Deciding({ request, channel, worker, others, toolbar, passkeys }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [typed, setTyped] = useState<{ about: string; bounds: TypedBounds } | null>(null);
  const sent = useRef(-1);
  // The box is ticked for what it says. Where that changes, or the box goes away with it, it is ticked no more.
  const about = request.ruleFrom && passkeys > 0 ? JSON.stringify([request.ruleFrom.site, request.ruleFrom.currency, request.paying.mode]) : null;
  const rule = typed?.about === about ? typed.bounds : null;
  const hindrance = hindranceOf(request, useFault(channel), passkeys);
  // All that adds or takes a line above the buttons, too: somebody else may choose the moment in which they move.
  const settled = useSettled(JSON.stringify([request, hindrance, others, toolbar, passkeys, problem, rule !== null]));
  const inWindow = toolbar && request.passkey;
  const ready = settled && hindrance === null && request.state === "waiting";

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
        setTyped(null);
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
      <p role="status" class={problem || hindrance ? "look small" : "muted small"}>
        {hindrance ? <Hindered {...hindrance} /> : problem ? `! ${problem}` : hint(request, inWindow, rule !== null)}
      </p>
      <div class="actions">
        <DenyMenu request={request} settled={settled} onDeny={deny} />
        {request.state !== "choosing" && (
          <button type="button" class={request.mismatch ? "" : "primary"} aria-disabled={!ready} onPointerDown={press} onClick={(event) => void approve(event)}>
            {inWindow ? "Go on in a window" : request.mismatch ? "Approve anyway" : "Approve"}
          </button>
        )}
      </div>
      {request.ruleFrom && about !== null && (
        <RuleBox
          from={request.ruleFrom}
          mode={request.paying.mode}
          rule={rule}
          onRule={(bounds) => setTyped(bounds && { about, bounds })}
          onWindow={toolbar ? () => goToWindow(worker) : null}
        />
      )}
    </footer>
  );
}

async function makeRule({ id, revision }: RequestView, bounds: TypedBounds, worker: Worker): Promise<void> {
  const { ticket, challenge, credentialIds } = await worker.ask("draftRuleHere", { id, revision, bounds });
  const passkey = await sign(challenge ?? "", credentialIds);
  if (!passkey) throw new Error("The passkey did not sign the rule. Nothing was approved.");
  await worker.ask("makeRule", { ticket, passkey });
}

function hint(request: RequestView, inWindow: boolean, withRule: boolean): string {
  if (request.state === "asserting") return "Your passkey is asked…";
  if (request.state === "choosing") return "";
  if (inWindow) return "This one needs your passkey, which opens in a window.";
  if (withRule) return request.passkey ? "Your passkey signs twice: the rule, then this payment." : "Your passkey signs the rule.";
  return request.passkey ? "Your passkey signs this approval." : "";
}
