/**
 * From a document to a type for every control.
 */

import { assign, assignBeside, assignCardFrame } from "./assign";
import { readControls } from "./read";
import type { FieldType } from "./rules";
import { scoreAll, type Scored } from "./score";

const FILLED: ReadonlySet<string> = new Set<FieldType>([
  "cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "cc-type", "name", "given-name", "family-name", "additional-name",
  "address-line1", "address-line2", "address-level2", "address-level1", "postal-code", "country", "tel", "email",
]);

/** How a document is read: as any page, as a frame that is known to hold card fields, or as the page around such frames. */
export type Reading = "page" | "card frame" | "beside card frames";

/** Classify all controls of one document or shadow root. */
export function classify(root: Document | ShadowRoot, reading: Reading = "page"): Scored[] {
  const all = scoreAll(readControls(root));
  if (reading === "page") assign(byForm(all));
  else if (reading === "card frame") assignCardFrame(all);
  else assignBeside(all);
  return all;
}

/** The type to fill, or null for a control that is left alone. */
export function fieldType(scored: Scored): FieldType | null {
  return scored.type && FILLED.has(scored.type) ? (scored.type as FieldType) : null;
}

function byForm(all: readonly Scored[]): Scored[][] {
  const forms = new Map<Element | null, Scored[]>();
  for (const scored of all) {
    const list = forms.get(scored.control.form);
    if (list) list.push(scored);
    else forms.set(scored.control.form, [scored]);
  }
  return [...forms.values()];
}
