/**
 * How the engine is measured: its answers by index, and its time beside the floor.
 */

import { classify, fieldType } from "./classify";
import { planDocument } from "./plan";
import { rootsOf } from "./roots";
import type { FieldType } from "./rules";

/** The type of every control of the document by its index among `input, select, textarea`. */
export function predictions(document: Document): Record<string, FieldType | null> {
  const answer: Record<string, FieldType | null> = {};
  for (const scored of classify(document)) answer[String(scored.control.index)] = fieldType(scored);
  return answer;
}

/** Forget what the page declares, to measure what is understood without it. */
export function stripAutocomplete(document: Document): void {
  for (const element of document.querySelectorAll("[autocomplete]")) element.removeAttribute("autocomplete");
}

/** Milliseconds for one pass. */
export interface Timing {
  readonly floor: number;
  /** Every control read, understood and assigned, in shadow roots and same-origin frames too. */
  readonly scan: number;
  /** The scan, and what of a card form a person can see: all that a release does to find a form. */
  readonly look: number;
  readonly controls: number;
}

/** The fastest of `rounds` batches of each, taken in turn: whatever else runs only adds time. */
export function timing(document: Document, rounds: number): Timing {
  const floor = batchOf(() => readPlainly(document));
  const scan = batchOf(() => rootsOf(document).map((root) => classify(root)));
  const look = batchOf(() => planDocument(document));
  let least: Omit<Timing, "controls"> = { floor: Infinity, scan: Infinity, look: Infinity };
  for (let round = 0; round < rounds; round++) {
    least = { floor: Math.min(least.floor, floor()), scan: Math.min(least.scan, scan()), look: Math.min(least.look, look()) };
  }
  return { ...least, controls: document.querySelectorAll("input,select,textarea").length };
}

// The least that any form engine does: visit the document, read every control's label, name and placeholder.
function readPlainly(document: Document): number {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT);
  let read = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const name = node.nodeName;
    if (name !== "INPUT" && name !== "SELECT" && name !== "TEXTAREA") continue;
    const control = node as HTMLInputElement;
    for (const label of control.labels ?? []) read += (label.textContent ?? "").length;
    read += control.name.length + (control.getAttribute("placeholder") ?? "").length;
  }
  return read;
}

// The clock of a page ticks every tenth of a millisecond, so a batch takes twenty ticks or more.
const LEAST_BATCH_MS = 2;

// How long one pass takes, in batches whose size is found once, warm.
function batchOf(work: () => unknown): () => number {
  let passes = 4;
  // Twice, for one of the two may have been held up.
  while (Math.min(timed(work, passes), timed(work, passes)) < LEAST_BATCH_MS) passes *= 2;
  return () => timed(work, passes) / passes;
}

function timed(work: () => unknown, passes: number): number {
  const start = performance.now();
  for (let pass = 0; pass < passes; pass++) work();
  return performance.now() - start;
}
