/**
 * Dates with a day: a birthday, a passport's end, a day of travel. Their month and year are no card's, though they look the same.
 */

import { scoreOf, type Scored } from "./score";

const SPAN = 3;

/** The controls that together hold a date with its day. */
export function calendarDates(form: readonly Scored[]): ReadonlySet<Scored> {
  const found = new Set<Scored>();
  for (let place = 0; place < form.length; place++) {
    if (!isDay(form[place]) || found.has(form[place] as Scored)) continue;
    for (const scored of dateAround(form, place)) found.add(scored);
  }
  return found;
}

// Day first, or year first, or the American order: whichever the controls around it allow.
function dateAround(form: readonly Scored[], place: number): readonly Scored[] {
  const yearFirst = isYear(form[place - 2]) && isMonth(form[place - 1]);
  for (const start of yearFirst ? [place - 2] : [place, place - 1, place - 2]) {
    const date = form.slice(Math.max(0, start), Math.max(0, start) + SPAN);
    if (start >= 0 && date.some(isMonth) && date.some(isYear) && date.filter(isDay).length === 1) return date;
  }
  // Without a year: "[  ] month [  ] day".
  const beside = [form[place - 1], form[place + 1]].find((scored) => isMonth(scored) && !isExpiry(scored as Scored));
  return beside ? [beside, form[place] as Scored] : [];
}

function isDay(scored: Scored | undefined): boolean {
  return scored !== undefined && (scored.control.options ? scored.control.options.days : scoreOf(scored, "day") > 1);
}

function isMonth(scored: Scored | undefined): boolean {
  return scored !== undefined && (scoreOf(scored, "month") > 1 || scoreOf(scored, "cc-exp-month") > 1 || scored.control.options?.months === true);
}

function isYear(scored: Scored | undefined): boolean {
  if (!scored) return false;
  const { options } = scored.control;
  return scoreOf(scored, "year") > 1 || scoreOf(scored, "cc-exp-year") > 1 || options?.years === true || options?.pastYears === true;
}

function isExpiry(scored: Scored): boolean {
  return scoreOf(scored, "cc-exp-month") > 1 || scoreOf(scored, "cc-exp") > 1;
}
