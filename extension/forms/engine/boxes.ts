/**
 * A card number in several boxes, some of which may hide what is typed.
 */

import { scoreOf, type Scored } from "./score";

const FEWEST = 3;
const MOST = 5;
const BOX_KINDS = new Set(["text", "tel", "number", "password"]);

/** The controls that together hold one card number. */
export function findBoxes(form: readonly Scored[]): Scored[] {
  const found: Scored[] = [];
  for (let start = 0; start < form.length; ) {
    const run = runFrom(form, start);
    if (holdsNumber(run)) found.push(...run);
    start += Math.max(1, run.length);
  }
  return found;
}

function runFrom(form: readonly Scored[], start: number): Scored[] {
  const run: Scored[] = [];
  for (let place = start; place < form.length; place++) {
    const scored = form[place] as Scored;
    if (!isBox(scored) || scoreOf(scored, "cc-csc") >= 3 || scoreOf(scored, "cc-exp") >= 3) break;
    run.push(scored);
  }
  return run;
}

/** The four boxes of four of which nothing is said; empty when there are none. */
export function silentBoxes(form: readonly Scored[]): Scored[] {
  for (let start = 0; start < form.length; start++) {
    const run = form.slice(start, start + 4);
    if (run.length === 4 && run.every((scored) => isBox(scored) && scored.control.maxLength === 4 && scored.type === null)) return run;
  }
  return [];
}

/** Whether a control can hold a part of a number. */
export function isBox(scored: Scored | undefined): boolean {
  if (!scored) return false;
  const { control } = scored;
  return BOX_KINDS.has(control.kind) && control.maxLength >= 3 && control.maxLength <= 6;
}

function holdsNumber(run: readonly Scored[]): boolean {
  if (run.length < FEWEST || run.length > MOST) return false;
  const speaks = run.some((scored) => scoreOf(scored, "cc-number") > 1 || scoreOf(scored, "card") > 1);
  return speaks && !run.some((scored) => scoreOf(scored, "other") > 3 || scoreOf(scored, "otp") > 3);
}
