/**
 * One consistent reading of a whole form.
 *
 * A form is a card form when a card number, or two other card fields, stand in it. Only then do "Month",
 * "Date", "Code", "Name" and bare boxes beside them become card fields; everywhere else they stay what
 * they are.
 */

import { canHold } from "./kinds";
import { findBoxes } from "./boxes";
import { calendarDates } from "./calendar";
import { BEYOND_DOUBT, CARD_TYPES, isCardForm, isDeclared, isOfAnotherCard, isOtherType, isShort, isSure, speaksOfCard } from "./cardform";
import { distance, keepOneCode, keepOneNumber, nameCode, nameHolder, nameRest } from "./complete";
import { resolveExpiry } from "./expiry";
import { scoreOf, settle, strongest, support, type Scored } from "./score";
import type { FieldType, Kind } from "./rules";

const HINTS: ReadonlySet<Kind> = new Set<Kind>(["month", "year", "month-year", "date", "code", "number", "card", "type"]);
const PLAUSIBLE = 1.5;
/** How many controls away from a sure card field a hint is believed. */
const REACH = 3;

/** Decide the type of every control of a page, given form by form in document order; what lies outside all forms is one more. */
export function assign(forms: readonly Scored[][]): void {
  for (const form of forms) readAlone(form);
  const certain = forms.filter((form) => isCardForm(form) && speaksOfCard(form));
  const cardForms = certain.length > 0 ? forms.filter(isCardForm) : [];
  for (const form of cardForms) readCardForm(form);
  const others = forms.filter((form) => !cardForms.includes(form));
  // Some pages wrap each field in a form of its own.
  const scattered = others.flat();
  if (others.length > 1 && isCardForm(scattered) && speaksOfCard(scattered)) readCardForm(scattered);
  else for (const form of others) forgetCard(form, cardForms.length > 0);
  for (const form of forms) for (const scored of form) if (scored.type && HINTS.has(scored.type)) scored.type = null;
}

function saysExpiry(scored: Scored): boolean {
  return scoreOf(scored, "cc-exp") > SAID;
}

const SAID = 2;

// A plain "Number" stands at the head of the card, and may be far from the first field that is sure.
function hearNumber(form: readonly Scored[]): void {
  if (form.some((scored) => scored.type === "cc-number")) return;
  const card = form.map((scored, place) => (scored.type && CARD_TYPES.has(scored.type) ? place : -1)).filter((place) => place >= 0);
  const found = form.find((scored, place) => scored.type === "number" && distance(card, place) <= 2);
  if (found) hearNeighbours(found, false, false);
}

/** Decide the types in a frame that is known to hold card fields, perhaps only one of them. */
export function assignCardFrame(form: Scored[]): void {
  readAlone(form);
  for (const scored of form) if (!isSure(scored)) hearNeighbours(scored, false, false);
  readCardForm(form);
}

/** Decide the types around frames that take a card's number: of a card only what says itself what it is. */
export function assignBeside(all: Scored[]): void {
  readAlone(all);
  for (const scored of all) {
    if (!scored.type || !(CARD_TYPES.has(scored.type) || HINTS.has(scored.type))) continue;
    if (!isSure(scored) || scored.type === "cc-number" || isOtherType(scored)) scored.type = null;
  }
}

function readAlone(form: Scored[]): void {
  for (const scored of form) scored.type = strongest(scored, null, PLAUSIBLE);
  for (const scored of findBoxes(form)) settle(scored, "cc-number", "one of the boxes of a card number");
  for (const scored of calendarDates(form)) setDate(scored);
}

function setDate(scored: Scored): void {
  if (isDeclared(scored)) return;
  for (const kind of OF_A_DATE) scored.scores.delete(kind);
  settle(scored, "day", "part of a date with its day");
}

const OF_A_DATE: readonly Kind[] = ["month", "year", "month-year", "date", "cc-exp", "cc-exp-month", "cc-exp-year"];

// Without a card around it, only what the page declares stays; beside a card form, what two sources say.
function forgetCard(form: readonly Scored[], besideCardForm: boolean): void {
  const doubtless = besideCardForm && !isOfAnotherCard(form);
  for (const scored of form) {
    if (!scored.type || !CARD_TYPES.has(scored.type)) continue;
    if (!isDeclared(scored) && !(doubtless && scoreOf(scored, scored.type) >= BEYOND_DOUBT)) scored.type = null;
  }
}

function readCardForm(form: Scored[]): void {
  const anchors = form.map((scored, place) => (isSure(scored) ? place : -1)).filter((place) => place >= 0);
  const numbered = form.some((scored) => scored.type === "cc-number" && isSure(scored));
  const dated = form.some(saysExpiry);
  for (let place = 0; place < form.length; place++) {
    const scored = form[place] as Scored;
    if (isSure(scored)) continue;
    if (distance(anchors, place) <= REACH) hearNeighbours(scored, numbered, dated);
  }
  if (!numbered) hearNumber(form);
  keepOneNumber(form);
  resolveExpiry(form);
  nameRest(form);
  nameHolder(form);
  nameCode(form);
  keepOneCode(form);
}

const FROM_HINT: readonly (readonly [Kind, FieldType])[] = [
  ["month", "cc-exp-month"], ["year", "cc-exp-year"], ["month-year", "cc-exp"], ["date", "cc-exp"], ["code", "cc-csc"], ["number", "cc-number"],
  ["card", "cc-number"], ["type", "cc-type"],
];

const OPPOSED: readonly Kind[] = ["birth", "otp", "gift", "bank", "loyalty", "coupon", "start"];

const DATED: ReadonlySet<Kind> = new Set<Kind>(["month", "year", "month-year", "date"]);

// Beside a card field a hint counts for the card, unless the field itself says it is something else; a form that has its number or its expiry needs no second.
function hearNeighbours(scored: Scored, numbered: boolean, dated: boolean): void {
  if (OPPOSED.some((kind) => scoreOf(scored, kind) > 1)) return;
  // "Date of arrival".
  const otherwise = scoreOf(scored, "other") > 2;
  for (const [hint, type] of FROM_HINT) {
    const score = scoreOf(scored, hint);
    if (score <= 0 || (DATED.has(hint) && otherwise) || !canHold(scored.control, type) || (hint === "type" && isOtherType(scored)) || (type === "cc-number" && numbered) || (type === "cc-exp" && dated && scoreOf(scored, type) === 0)) continue;
    scored.scores.delete(hint);
    support(scored, { type, weight: hint === "code" ? score / 2 : score, source: "neighbours", detail: `${hint} beside a card field` });
  }
  const { maxLength, kind } = scored.control;
  const short = isShort(scored);
  if (kind === "password" && (short || maxLength < 0)) support(scored, { type: "cc-csc", weight: short ? 2 : 0.5, source: "neighbours", detail: "hidden digits beside a card field" });
  if (short && scoreOf(scored, "cc-csc") > 0) support(scored, { type: "cc-csc", weight: 0.5, source: "neighbours", detail: "three or four digits" });
  scored.type = strongest(scored, null, PLAUSIBLE);
}
