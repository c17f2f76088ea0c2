/**
 * What stands over a form: "Gift card balance" over "Card number" says which card is meant.
 */

import { meaningOf } from "./lexicon";
import { normalise } from "./text";
import { walkerAt } from "./tree";

const STEPS = 40;
const LONGEST = 80;
const HEADINGS: ReadonlySet<string> = new Set(["H1", "H2", "H3", "H4", "H5", "H6", "LEGEND", "CAPTION"]);
const CONTROLS: ReadonlySet<string> = new Set(["INPUT", "SELECT", "TEXTAREA"]);

/** Whether the nearest heading above a control, with no other control between, names a gift card or a card of members. */
export function isHeadedOtherwise(element: Element): boolean {
  const heading = headingAbove(element);
  if (!heading || heading.length > LONGEST) return false;
  const { concepts } = meaningOf(normalise(heading));
  return !concepts.has("creditCard") && (concepts.has("giftCard") || (concepts.has("loyalty") && (concepts.has("card") || concepts.has("cardNumber"))));
}

function headingAbove(element: Element): string {
  const walker = walkerAt(element, NodeFilter.SHOW_ELEMENT);
  for (let step = 0; step < STEPS; step++) {
    const node = walker.previousNode();
    if (!node || isField(node)) return "";
    if (HEADINGS.has(node.nodeName)) return (node.textContent ?? "").trim();
  }
  return "";
}

function isField(node: Node): boolean {
  return CONTROLS.has(node.nodeName) && (node as HTMLInputElement).type !== "hidden";
}
