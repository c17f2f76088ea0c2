/**
 * Why a control was taken for what it was taken for: for the debug view, and for whoever mends a rule.
 */

import { planBeside } from "./beside";
import { classify, fieldType, type Reading } from "./classify";
import { type Plan, planDocument, planFrame } from "./plan";
import { rootsOf } from "./roots";
import type { FieldType, Kind } from "./rules";
import { allIn } from "./tree";
import { hiddenReason, type Hidden } from "./visibility";

/** One control and the evidence about it. Holds what the page says, never what is typed into it. */
export interface Explanation {
  readonly index: number;
  /** The element with its name and id, as `input[name="cvc"]#card-cvc`. */
  readonly control: string;
  readonly type: FieldType | null;
  readonly hidden: Hidden | null;
  /** Whether a release would write into it. */
  readonly planned: boolean;
  /** Strongest first. */
  readonly signals: readonly { readonly type: Kind; readonly weight: number; readonly because: string }[];
}

/** Explain every control of a document, its shadow roots and same-origin frames; `given` is what frames of other sites in it take. */
export function explain(document: Document, given: readonly FieldType[] = []): Explanation[] {
  const plan = planDocument(document);
  if (plan.length > 0 || !given.includes("cc-number")) return explained(document, "page", plan);
  const frames = rootsOf(document).flatMap((root) => [...allIn(root, "iframe")]);
  return explained(document, "beside card frames", planBeside(document, frames, given));
}

/** {@link explain} in a frame of another site that may hold a processor's fields. */
export function explainFrame(document: Document): Explanation[] {
  return explained(document, "card frame", planFrame(document));
}

function explained(document: Document, reading: Reading, plan: Plan): Explanation[] {
  const planned = new Set(plan.flatMap(({ controls }) => controls.map(({ element }) => element)));
  return rootsOf(document).flatMap((root) =>
    classify(root, reading).map((scored) => ({
      index: scored.control.index,
      control: describe(scored.control.element),
      type: fieldType(scored),
      hidden: hiddenReason(scored.control.element),
      planned: planned.has(scored.control.element),
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
