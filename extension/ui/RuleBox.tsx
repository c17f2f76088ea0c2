/** The box that makes a standing rule of a request: its bounds, and what it lets the page see. */
import type { TypedBounds } from "../policy/bounds";
import type { Mode } from "../release/mode";
import type { RuleFrom } from "../release/view";
import { BoundsFields, firstBounds } from "./BoundsFields";
import { Place } from "./Origin";

interface Props {
  from: RuleFrom;
  /** Who sees the number now: the rule allows this and nothing else. */
  mode: Mode;
  rule: TypedBounds | null;
  onRule(rule: TypedBounds | null): void;
  /** Goes on in a window; null where a passkey prompt closes nothing. */
  onWindow: (() => void) | null;
}

export function RuleBox({ from, mode, rule, onRule, onWindow }: Props) {
  if (onWindow) {
    return (
      <button type="button" class="quiet small" onClick={onWindow}>
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
      {rule && <Sees mode={mode} />}
    </div>
  );
}

/** What the rule lets the page see with nobody asked. */
function Sees({ mode }: { mode: Mode }) {
  if (mode === "surrogate") return <p class="muted small">The rule holds only where the page does not see the number.</p>;
  return <p class="look small">! Under this rule the page, and an agent that reads it, will see the number with nobody asked.</p>;
}
