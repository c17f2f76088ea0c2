/**
 * One consistent reading of a whole form.
 *
 * A form is a card form when a card number, or two other card fields, stand in it. Only then do "Month",
 * "Date", "Code", "Name" and bare boxes beside them become card fields; everywhere else they stay what
 * they are.
 */

import { canHold } from "./kinds";
import { findBoxes, isBox } from "./boxes";
import { resolveExpiry } from "./expiry";
import { scoreOf, settle, strongest, support, type Scored } from "./score";
import type { FieldType, Kind } from "./rules";

const CARD_TYPES: ReadonlySet<Kind> = new Set<Kind>(["cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "cc-type"]);
const HINTS: ReadonlySet<Kind> = new Set<Kind>(["month", "year", "month-year", "date", "code", "number", "card", "type"]);
const SURE = 2.4;
const BEYOND_DOUBT = 6;
const PLAUSIBLE = 1.5;
/** How many controls away from a sure card field a hint is believed. */
const REACH = 3;

/** Decide the type of every control of a page, given form by form in document order; what lies outside all forms is one more. */
export function assign(forms: readonly Scored[][]): void {
  for (const form of forms) readAlone(form);
  const cardForms = forms.filter(isCardForm);
  for (const form of cardForms) readCardForm(form);
  const others = forms.filter((form) => !cardForms.includes(form));
  // Some pages wrap each field in a form of its own.
  const scattered = others.flat();
  if (others.length > 1 && isCardForm(scattered)) readCardForm(scattered);
  else for (const form of others) forgetCard(form, cardForms.length > 0);
  for (const form of forms) for (const scored of form) if (scored.type && HINTS.has(scored.type)) scored.type = null;
}

/** Decide the types in a frame that is known to hold card fields, perhaps only one of them. */
export function assignCardFrame(form: Scored[]): void {
  readAlone(form);
  for (const scored of form) if (!isSure(scored)) hearNeighbours(scored);
  readCardForm(form);
}

function readAlone(form: Scored[]): void {
  for (const scored of form) scored.type = strongest(scored, null, PLAUSIBLE);
  for (const scored of findBoxes(form)) settle(scored, "cc-number", "one of the boxes of a card number");
}

/** Sure by itself: its own words say so, whatever stands around it. */
function isSure(scored: Scored): boolean {
  return scored.type !== null && CARD_TYPES.has(scored.type) && scoreOf(scored, scored.type) >= SURE;
}

/** What each sure part of a card adds; a card form needs {@link ENOUGH}. A holder alone may own anything. */
const PARTS: readonly (readonly [readonly Kind[], number])[] = [
  [["cc-number"], 3], [["cc-csc"], 2], [["cc-exp", "cc-exp-month", "cc-exp-year"], 2], [["cc-type"], 2], [["cc-name"], 1],
];
const HINTED: readonly (readonly Kind[])[] = [["number", "card"], ["month", "year", "month-year"], ["name"]];
const ENOUGH = 4;

function isCardForm(form: readonly Scored[]): boolean {
  const sure = form.filter(isSure);
  if (sure.length === 0) return false;
  const signsIn = form.some((scored) => scored.type === "login" && scoreOf(scored, "login") > 2);
  if (!signsIn && sure.some(isNumberAlone)) return true;
  let points = 0;
  for (const [types, worth] of PARTS) if (sure.some((scored) => types.includes(scored.type as Kind))) points += worth;
  if (points < 2) return false;
  // "Card number" and "Name" are on a library's form too.
  const hints = points === 3 ? HINTED.slice(1, 2) : HINTED;
  for (const kinds of hints) if (form.some((scored) => kinds.includes(scored.type as Kind) && scoreOf(scored, scored.type as Kind) > 2)) points += 1;
  return points >= ENOUGH || (points === 3 && form.some(isShortCode));
}

function isShortCode(scored: Scored): boolean {
  const { maxLength, kind } = scored.control;
  return scored.type === "code" || (kind === "password" && (maxLength === 3 || maxLength === 4));
}

// A number with nothing else of a card beside it must be beyond doubt: membership cards have numbers too.
function isNumberAlone(scored: Scored): boolean {
  const { maxLength } = scored.control;
  return scored.type === "cc-number" && (isDeclared(scored) || (scoreOf(scored, "cc-number") >= BEYOND_DOUBT && (maxLength < 0 || maxLength >= 15)));
}

function isDeclared(scored: Scored): boolean {
  return scored.signals.some((signal) => signal.source === "autocomplete" && signal.type === scored.type);
}

// Without a card around it, only what the page declares stays; beside a card form, what two sources say.
function forgetCard(form: readonly Scored[], besideCardForm: boolean): void {
  for (const scored of form) {
    if (!scored.type || !CARD_TYPES.has(scored.type)) continue;
    if (!isDeclared(scored) && !(besideCardForm && scoreOf(scored, scored.type) >= BEYOND_DOUBT)) scored.type = null;
  }
}

function readCardForm(form: Scored[]): void {
  const anchors = form.map((scored, place) => (isSure(scored) ? place : -1)).filter((place) => place >= 0);
  for (let place = 0; place < form.length; place++) {
    const scored = form[place] as Scored;
    if (isSure(scored)) continue;
    if (distance(anchors, place) <= REACH) hearNeighbours(scored);
  }
  resolveExpiry(form);
  nameHolder(form);
  nameCode(form);
  keepOneCode(form);
}

function distance(anchors: readonly number[], place: number): number {
  let least = Infinity;
  for (const anchor of anchors) least = Math.min(least, Math.abs(anchor - place));
  return least;
}

const FROM_HINT: readonly (readonly [Kind, FieldType])[] = [
  ["month", "cc-exp-month"], ["year", "cc-exp-year"], ["month-year", "cc-exp"], ["date", "cc-exp"], ["code", "cc-csc"], ["number", "cc-number"],
  ["card", "cc-number"], ["type", "cc-type"],
];

const OPPOSED: readonly Kind[] = ["birth", "otp", "gift", "bank", "loyalty", "coupon", "start"];

// Beside a card field a hint counts for the card, unless the field itself says it is something else.
function hearNeighbours(scored: Scored): void {
  if (OPPOSED.some((kind) => scoreOf(scored, kind) > 1)) return;
  for (const [hint, type] of FROM_HINT) {
    const score = scoreOf(scored, hint);
    if (score <= 0 || !canHold(scored.control, type)) continue;
    scored.scores.delete(hint);
    support(scored, { type, weight: hint === "code" ? score / 2 : score, source: "neighbours", detail: `${hint} beside a card field` });
  }
  const { maxLength, kind } = scored.control;
  const short = maxLength === 3 || maxLength === 4;
  if (kind === "password" && (short || maxLength < 0)) support(scored, { type: "cc-csc", weight: short ? 2 : 0.5, source: "neighbours", detail: "hidden digits beside a card field" });
  if (short && scoreOf(scored, "cc-csc") > 0) support(scored, { type: "cc-csc", weight: 0.5, source: "neighbours", detail: "three or four digits" });
  scored.type = strongest(scored, null, PLAUSIBLE);
}

// A plain "Name" that stands among the card's fields is the holder's; so is a lone "First name" with no last name anywhere.
function nameHolder(form: Scored[]): void {
  if (form.some((scored) => scored.type === "cc-name")) return;
  const fields = form.map((scored, place) => (scored.type && CARD_TYPES.has(scored.type) ? place : -1)).filter((place) => place >= 0);
  const family = form.some((scored) => scored.type === "family-name");
  for (let place = 0; place < form.length; place++) {
    const scored = form[place] as Scored;
    const named = scored.type === "name" || (scored.type === "given-name" && !family);
    if (!named || distance(fields, place) !== 1) continue;
    settle(scored, "cc-name", "name beside a card field");
    return;
  }
}

// One number has one security code; the other "security code" is a captcha or a message's.
function keepOneCode(form: readonly Scored[]): void {
  let best: Scored | null = null;
  for (const scored of form) {
    if (scored.type === "cc-number" && best && !isBox(scored)) best = null;
    if (scored.type !== "cc-csc" || isDeclared(scored)) continue;
    if (best && isMuchWeaker(scored, best)) scored.type = null;
    else {
      if (best && isMuchWeaker(best, scored)) best.type = null;
      best = scored;
    }
  }
}

function isMuchWeaker(one: Scored, other: Scored): boolean {
  return scoreOf(one, "cc-csc") < 0.8 * scoreOf(other, "cc-csc");
}

// "Verification code" beside a card's fields is the card's, when nothing else is and nobody sent it.
function nameCode(form: Scored[]): void {
  if (form.some((scored) => scored.type === "cc-csc")) return;
  const fields = form.map((scored, place) => (scored.type && CARD_TYPES.has(scored.type) ? place : -1)).filter((place) => place >= 0);
  const sent = (scored: Scored): boolean => scoreOf(scored, "tel") > 1 || scoreOf(scored, "email") > 1 || scoreOf(scored, "other") > 1;
  const found = form.find((scored, place) => scored.type === "otp" && distance(fields, place) === 1 && !isDeclared(scored) && !sent(scored));
  if (found) settle(found, "cc-csc", "verification code beside a card field");
}
