/**
 * Why a control was taken for what it was taken for: for the debug view, and for whoever mends a rule.
 */

import { classify, fieldType } from "./classify";
import type { FieldType, Kind } from "./rules";
import { rootsOf } from "./roots";
import { hiddenReason, type Hidden } from "./visibility";

/** One control and the evidence about it. Holds what the page says, never what is typed into it. */
export interface Explanation {
  readonly index: number;
  /** The element with its name and id, as `input[name="cvc"]#card-cvc`. */
  readonly control: string;
  readonly type: FieldType | null;
  readonly hidden: Hidden | null;
  /** Strongest first. */
  readonly signals: readonly { readonly type: Kind; readonly weight: number; readonly because: string }[];
}

/** Explain every control of a document, its shadow roots and same-origin frames. */
export function explain(document: Document): Explanation[] {
  return rootsOf(document).flatMap((root) =>
    classify(root).map((scored) => ({
      index: scored.control.index,
      control: describe(scored.control.element),
      type: fieldType(scored),
      hidden: hiddenReason(scored.control.element),
      signals: [...scored.signals]
        .sort((one, other) => other.weight - one.weight)
        .map(({ type, weight, source, detail }) => ({ type, weight, because: `${source}: ${detail.slice(0, 60)}` })),
    })),
  );
}

function describe(element: Element): string {
  const name = element.getAttribute("name");
  return `${element.tagName.toLowerCase()}${name ? `[name="${name}"]` : ""}${element.id ? `#${element.id}` : ""}`;
}
