/**
 * The expiry of a card: one field, or a month and a year that may both be called "Expiry".
 */

import { scoreOf, settle, type Scored } from "./score";
import type { Kind } from "./rules";

/** How many controls a bare "Month" may stand after the card field it belongs to. */
const REACH = 3;
const EXPIRY: ReadonlySet<Kind> = new Set<Kind>(["cc-exp", "cc-exp-month", "cc-exp-year"]);

/** Settle every run of neighbouring expiry fields. */
export function resolveExpiry(form: Scored[]): void {
  for (let place = 0; place < form.length; ) {
    const run = runFrom(form, place);
    resolveRun(run, form.slice(Math.max(0, place - REACH), place), form[place + run.length]);
    place += Math.max(1, run.length);
  }
}

function runFrom(form: readonly Scored[], start: number): Scored[] {
  const run: Scored[] = [];
  for (let place = start; place < form.length; place++) {
    const scored = form[place] as Scored;
    if (!scored.type || !EXPIRY.has(scored.type)) break;
    run.push(scored);
  }
  return run;
}

function resolveRun(run: readonly Scored[], before: readonly Scored[], following: Scored | undefined): void {
  for (const scored of run) readByShape(scored);
  const first = run[0];
  if (!first) return;
  if (run.length === 1) resolveSingle(first, before, following);
  else if (run.length === 2) resolvePair(first, run[1] as Scored);
}

// What a control offers or is cannot be misnamed.
function readByShape(scored: Scored): void {
  const { kind, options } = scored.control;
  if (isDeclared(scored)) return;
  if (kind === "month" || kind === "date") change(scored, "cc-exp", `type=${kind}`);
  else if (options?.months && !options.years) change(scored, "cc-exp-month", "offers months");
  else if (options?.years) change(scored, "cc-exp-year", "offers years");
}

function resolveSingle(scored: Scored, before: readonly Scored[], following: Scored | undefined): void {
  if (isDeclared(scored)) return;
  if (scored.type === "cc-exp" && following && isHalf(scored) && isSecondHalf(following)) {
    settle(scored, "cc-exp-month", "first half of an expiry");
    settle(following, "cc-exp-year", "second half of an expiry");
    return;
  }
  if (scored.type === "cc-exp-month" && following && isUnnamedYear(following)) return settle(following, "cc-exp-year", "second half of an expiry");
  if (scored.type === "cc-exp-year" && before.at(-1)?.type === "cc-exp-month") return;
  const { options, maxLength } = scored.control;
  if (scored.type === "cc-exp" || options || (maxLength > 0 && maxLength <= 4)) return;
  if (before.some((other) => other.type?.startsWith("cc-")) || saysExpiry(scored)) settle(scored, "cc-exp", "no other half of an expiry");
  else scored.type = null;
}

function resolvePair(first: Scored, second: Scored): void {
  if (isDeclared(first) || isDeclared(second) || !isHalf(first) || !isHalf(second)) return;
  if (first.type !== second.type && first.type !== "cc-exp" && second.type !== "cc-exp") return;
  const yearFirst = first.type === "cc-exp-year" && second.type === "cc-exp";
  const monthLast = first.type === "cc-exp" && second.type === "cc-exp-month";
  if (first.type === "cc-exp" && second.type === "cc-exp" && !tellsHalves(first, second)) return;
  change(first, yearFirst || monthLast ? "cc-exp-year" : "cc-exp-month", "first half of an expiry");
  change(second, yearFirst || monthLast ? "cc-exp-month" : "cc-exp-year", "second half of an expiry");
}

// Two whole expiry fields stand side by side in no form; two short ones, or one description over both, are halves.
function tellsHalves(first: Scored, second: Scored): boolean {
  const short = [first, second].every(({ control }) => control.options !== null || (control.maxLength > 0 && control.maxLength <= 4) || control.kind === "number");
  const named = scoreOf(first, "cc-exp-month") > 0 && scoreOf(second, "cc-exp-year") > 0;
  const same = first.control.caption !== "" && first.control.caption === second.control.caption;
  return named || short || same || second.control.texts.some((text) => text.source === "row");
}

function isSecondHalf(scored: Scored): boolean {
  return (scored.type === null || scored.type === "month-year") && isHalf(scored) && scored.control.texts.some((text) => text.source === "row");
}

const REPEATED_LETTER = /^\s*(\p{L})\1(?:\1\1)?\s*$/u;

// "MM" and then "AA", "JJ", "ГГ": what the year is called in its language need not be known.
function isUnnamedYear(scored: Scored): boolean {
  const { placeholder, maxLength } = scored.control;
  return scored.type === null && isHalf(scored) && (REPEATED_LETTER.test(placeholder) || maxLength === 2);
}

function saysExpiry(scored: Scored): boolean {
  return scored.signals.some((signal) => EXPIRY.has(signal.type) && signal.source !== "neighbours");
}

function isHalf({ control }: Scored): boolean {
  if (control.kind === "month" || control.kind === "date") return false;
  return control.options !== null || control.maxLength < 0 || control.maxLength <= 4;
}

function isDeclared(scored: Scored): boolean {
  return scored.signals.some((signal) => signal.source === "autocomplete");
}

function change(scored: Scored, type: Kind, detail: string): void {
  if (scored.type !== type) settle(scored, type, detail);
}
