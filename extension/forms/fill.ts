/** Writes a plan's values the way typing would, and reads them back. */
import type { FieldKind } from "./fields";
import type { Plan } from "./plan";
import { type FieldElement, isInput } from "./scan";
import { type CardValues, valueFor } from "./values";

export interface FieldResult {
  kind: FieldKind;
  kept: boolean;
}

/** Fill every field of `plan`; says for each whether it holds its value now. */
export function fill(plan: Plan, card: CardValues): FieldResult[] {
  const written = plan.map(({ kind, node }) => ({ kind, node, value: valueFor(kind, node, card) }));
  for (const { node, value } of written) if (value !== null) write(node, value);
  return written.map(({ kind, node, value }) => ({ kind, kept: value !== null && holds(node, value) }));
}

function write(node: FieldElement, value: string): void {
  const view = node.ownerDocument.defaultView ?? window;
  // The browser writes what is in a form to disk, to restore it after a crash, except where this says no.
  node.setAttribute("autocomplete", "off");
  node.dispatchEvent(new view.FocusEvent("focus"));
  node.dispatchEvent(new view.FocusEvent("focusin", { bubbles: true }));
  // Frameworks replace the setter on the element to notice writes; the prototype's own setter goes past that (React ≥ 15.6).
  const prototype = isInput(node) ? view.HTMLInputElement.prototype : view.HTMLSelectElement.prototype;
  Object.getOwnPropertyDescriptor(prototype, "value")?.set?.call(node, value);
  node.dispatchEvent(new view.InputEvent("input", { bubbles: true, composed: true, inputType: "insertText" }));
  node.dispatchEvent(new view.Event("change", { bubbles: true }));
  node.dispatchEvent(new view.FocusEvent("blur"));
  node.dispatchEvent(new view.FocusEvent("focusout", { bubbles: true }));
}

/** Masks add blanks and dashes: what counts is the digits, or the letters of a name. */
function holds(node: FieldElement, value: string): boolean {
  const essence = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
  return essence(node.value) === essence(value);
}
