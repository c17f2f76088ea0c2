/**
 * What a page keeps to itself where frames of a processor take the number: mostly the holder's name.
 *
 * Without a number of its own the page is no card form to `planDocument`. Here it is known from the frames that
 * it is one, so what says by itself that it is a part of a card is believed, in the form that holds the frames only.
 */

import { classify } from "./classify";
import { isBilling, isWritable, oneOfEach, type Plan, type Shown } from "./plan";
import type { Control } from "./read";
import { rootsOf } from "./roots";
import type { FieldType } from "./rules";
import type { Scored } from "./score";
import { shownIn } from "./tree";
import { hiddenReason } from "./visibility";

const EXPIRY: readonly FieldType[] = ["cc-exp", "cc-exp-month", "cc-exp-year"];

/** The plan for the page around `frames`, which are given the types of `given` already. */
export function planBeside(document: Document, frames: readonly Element[], given: readonly FieldType[], shown: Shown = isShown): Plan {
  const forms = new Set(frames.map(formAround));
  const isTaken = (type: FieldType): boolean => given.includes(type) || (EXPIRY.includes(type) && given.some((other) => EXPIRY.includes(other)));
  const around = rootsOf(document)
    .flatMap((root) => classify(root, "beside card frames"))
    .filter(({ control }) => forms.has(formOf(control)) && isWritable(control) && shown(control.element));
  const card = oneOfEach(around.filter(isCardPart), "card").filter(({ type }) => !isTaken(type));
  return [...card, ...oneOfEach(around.filter(isBilling), "billing")];
}

const isShown: Shown = (element) => hiddenReason(element) === null;

function isCardPart({ type }: Scored): boolean {
  return type !== null && type.startsWith("cc-");
}

function formOf({ form, element }: Control): Element | null {
  return form ?? formAround(element);
}

// Across shadow roots: a form may hold a component that holds the frame.
function formAround(element: Element): Element | null {
  let at: Element | null = element;
  while (at && at.tagName !== "FORM") at = shownIn(at);
  return at;
}
