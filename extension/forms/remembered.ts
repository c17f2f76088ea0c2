/** One look at a document: what was found, and whether it still is as it was. */
import { readAmount } from "./amount";
import { areCovered, type Covering, coveringOf } from "./engine/covering";
import { moved, type Place, placeOf } from "./engine/place";
import type { Plan } from "./engine/plan";
import type { Control } from "./engine/read";
import { own } from "./engine/tree";
import { visible } from "./visibility";

/** A frame of another site that takes part: where it stands is this document's to know, what it holds is not. */
export interface HeldFrame {
  element: HTMLIFrameElement;
  view: Window | null;
}

export interface Remembered {
  plan: Plan;
  documents: Document[];
  marks: string[];
  frames: HeldFrame[];
  covered: boolean[];
  places: Place[];
  pageAmount: number | null;
  /** In which currency the amount was read; null where none is (a frame of another site). */
  currency: string | null;
}

// An address is no secret from the page: each of its fields is asked about when it is written, and holds nothing up before.
const controlsOf = (plan: Plan): Control[] => plan.flatMap(({ controls, part }) => (part === "card" ? [...controls] : []));

/** Remember how the fields of `plan` and `frames` stand now. */
export function remember(plan: Plan, frames: HeldFrame[], pageAmount: number | null, currency: string | null): Remembered {
  const controls = controlsOf(plan);
  const elements = [...controls, ...frames].map(({ element }) => element);
  return {
    plan,
    documents: elements.map(({ ownerDocument }) => ownerDocument),
    marks: controls.map(mark),
    frames,
    covered: areCovered(elements),
    places: elements.map(placeOf),
    pageAmount,
    currency,
  };
}

// What of a field must be the same at the moment of writing.
function mark({ element }: Control): string {
  return [element.tagName, element.type, element.name, element.id, element.getAttribute("autocomplete"), addressOf(element.form)].join("\n");
}

// By the browser's own getter: a control called "action" stands in front of the form's.
function addressOf(form: HTMLFormElement | null): string {
  return form ? own<string>(form, HTMLFormElement.prototype, "action") : "";
}

/** What is not as it was, in words for a developer; or what lies over the fields, for who writes in the same task. */
export function changeSince({ plan, documents, marks, frames, covered, places, pageAmount, currency }: Remembered): string | Covering {
  const controls = controlsOf(plan);
  const elements = [...controls, ...frames].map(({ element }) => element);
  for (const [index, element] of elements.entries()) {
    if (!element.isConnected || element.ownerDocument !== documents[index] || !element.ownerDocument.defaultView) return "a field is gone";
  }
  if (controls.some((control, index) => control.element.disabled || mark(control) !== marks[index])) return "a field is another one";
  if (frames.some(({ element, view }) => element.contentWindow !== view)) return "a frame is another one";
  if (!elements.every(visible)) return "a field is hidden";
  if (moved(places, elements.map(placeOf))) return "a field has moved";
  const now = currency && readAmount(document, currency);
  if (typeof now === "number" && pageAmount !== null && now !== pageAmount) return "the amount is another one";
  // Last: asking gives the whole page another style for a moment, and whoever reads it after that has it computed anew.
  const covering = coveringOf(elements);
  return elements.some((element, index) => covering.get(element) && !covered[index]) ? "a field is covered" : covering;
}
