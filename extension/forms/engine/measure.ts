/**
 * How the engine is measured: its answers by index, and its time beside the floor.
 */

import { classify, fieldType } from "./classify";
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
  readonly scan: number;
  readonly controls: number;
}

/** The median of `rounds` passes of the floor and of a whole classification, taken in turn. */
export function timing(document: Document, rounds: number): Timing {
  const floors: number[] = [];
  const scans: number[] = [];
  for (let round = 0; round < rounds; round++) {
    floors.push(timed(() => readPlainly(document)));
    scans.push(timed(() => classify(document)));
  }
  return { floor: median(floors), scan: median(scans), controls: document.querySelectorAll("input,select,textarea").length };
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

// The clock of a page ticks every tenth of a millisecond, so several passes are timed as one.
const PASSES = 10;

function timed(work: () => unknown): number {
  const start = performance.now();
  for (let pass = 0; pass < PASSES; pass++) work();
  return (performance.now() - start) / PASSES;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
