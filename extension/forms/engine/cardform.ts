/**
 * Whether a form asks for a payment card: enough parts of one, and something that only cards that pay have.
 *
 * Library, membership and identity cards have numbers, holders and dates too; gift cards have codes.
 */

import { isBox } from "./boxes";
import { isHeadedOtherwise } from "./heading";
import { canHold } from "./kinds";
import { meaningOf } from "./lexicon";
import type { Kind } from "./rules";
import { scoreOf, type Scored } from "./score";

/** The types that are parts of a card. */
export const CARD_TYPES: ReadonlySet<Kind> = new Set<Kind>(["cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "cc-type"]);
const SURE = 2.4;
/** A score that takes two sources, or what the page declares. */
export const BEYOND_DOUBT = 6;

/** Sure by itself: its own words say so, whatever stands around it. */
export function isSure(scored: Scored): boolean {
  return scored.type !== null && CARD_TYPES.has(scored.type) && scoreOf(scored, scored.type) >= SURE;
}

/** What each sure part of a card adds; a card form needs {@link ENOUGH}. A holder alone may own anything. */
const PARTS: readonly (readonly [readonly Kind[], number])[] = [
  [["cc-number"], 3], [["cc-csc"], 2], [["cc-exp", "cc-exp-month", "cc-exp-year"], 2], [["cc-type"], 2], [["cc-name"], 1],
];
const HINTED: readonly (readonly Kind[])[] = [["number", "card"], ["month", "year", "month-year"], ["name"]];
const ENOUGH = 4;

/** Whether enough parts of a card stand in the form, and what stands over them names no other card. */
export function isCardForm(form: readonly Scored[]): boolean {
  return hasParts(form) && !isOfAnotherCard(form);
}

/** Whether the form's only number stands under a heading that names another card, and nothing shows that it pays. */
export function isOfAnotherCard(form: readonly Scored[]): boolean {
  const numbers = form.filter((scored) => scored.type === "cc-number");
  const [number] = numbers;
  if (!number || numbers.length > 1 || isDeclared(number) || isFirm(number)) return false;
  if (form.some((scored) => scored.type === "cc-type" || (scored.type === "cc-csc" && !isAnyCode(scored)))) return false;
  return isHeadedOtherwise(number.control.element);
}

function hasParts(form: readonly Scored[]): boolean {
  const sure = form.filter((scored) => isSure(scored) && !isOtherType(scored));
  if (sure.length === 0) return false;
  const signsIn = form.some(isSignIn);
  if (!signsIn && sure.some(isNumberAlone)) return true;
  let points = 0;
  for (const [types, worth] of PARTS) if (sure.some((scored) => types.includes(scored.type as Kind))) points += worth;
  if (points < 2) return false;
  // "Card number" and "Name" are on a library's form too.
  const hints = points === 3 ? HINTED.slice(1, 2) : HINTED;
  for (const kinds of hints) if (form.some((scored) => kinds.includes(scored.type as Kind) && scoreOf(scored, scored.type as Kind) > 2)) points += 1;
  const numbered = form.some(({ type }) => type === "cc-number" || type === "number" || type === "card");
  return points >= ENOUGH || (points === 3 && numbered && form.some(isShortCode));
}

/** Whether the card is one that pays. A number, a date and a holder are enough; with one of the last two alone it is a library's form too. */
export function speaksOfCard(form: readonly Scored[]): boolean {
  const parts = PARTS.filter(([types]) => form.some((scored) => isSure(scored) && !isOtherType(scored) && types.includes(scored.type as Kind)));
  const numbered = form.some((scored) => (NUMBERED.has(scored.type ?? "other") && !isDoubted(scored)) || isSilent(scored));
  return parts.length >= FULL || form.some((scored) => speaksOfPaying(scored) && (numbered || !isAnyCode(scored)));
}

/** Whether all that says "card number" says more that is not understood: "Alpine club card number". */
export function isDoubted({ type, signals }: Scored): boolean {
  const speaking = type === "cc-number" ? signals.filter((signal) => signal.type === type) : [];
  return speaking.length > 0 && speaking.every(({ detail, source }) => WRITTEN.has(source) && meaningOf(detail).strange && !meaningOf(detail).concepts.has("creditCard"));
}

const WRITTEN: ReadonlySet<string> = new Set(["label", "aria", "near", "column", "before", "placeholder", "title"]);

// "Security code" is asked for by much else; "CVV" by cards alone.
function isAnyCode({ type, signals }: Scored): boolean {
  return (type === "cc-csc" || type === "code" || type === "otp") && !signals.some((signal) => signal.type === "cc-csc" && CARD_CODE.test(signal.detail));
}

const CARD_CODE = /\bc(?:vv|vc|sc|vn|cv|id|vd)\d?\b|card/;


const FULL = 3;
const NUMBERED: ReadonlySet<Kind> = new Set<Kind>(["cc-number", "card", "number", "cc-type"]);

/** Whether a list of types names no brand: "Card type: Monster, Spell, Trap"; "Room type: single, double". */
export function isOtherType(scored: Scored): boolean {
  const { type, control: { options } } = scored;
  const few = scoreOf(scored, "cc-type") > 0 ? FULL : FULL - 1;
  return (type === "cc-type" || type === "type") && options !== null && (options.brands === 0 || options.documents) && options.count >= few;
}

// Of all cards only those that pay have a code, a brand, and an end without a day.
function speaksOfPaying(scored: Scored): boolean {
  const { control, type } = scored;
  if (type === "cc-type") return !isOtherType(scored);
  if (type === "cc-exp" && isSure(scored)) return control.kind === "month" || scored.signals.some((signal) => signal.type === "cc-exp" && signal.source === "shape");
  if (type === "cc-exp-month" || type === "cc-exp-year") return isSure(scored);
  return type === "cc-csc" || type === "code" || type === "otp" || control.kind === "password" || isFirm(scored);
}

// Said by what cannot mean another card.
function isFirm(scored: Scored): boolean {
  if (scored.type !== "cc-number") return false;
  if (isDeclared(scored) || isBox(scored)) return true;
  const speaking = scored.signals.filter((signal) => signal.type === "cc-number" && signal.weight > 1);
  return speaking.some(({ source, detail }) => source === "shape" || meaningOf(detail).concepts.has("creditCard"));
}

function isSignIn(scored: Scored): boolean {
  return scoreOf(scored, "login") > 2 || (scored.control.kind === "password" && !isShort(scored) && scored.type !== "cc-csc" && !isBox(scored));
}

function isShortCode(scored: Scored): boolean {
  const { kind } = scored.control;
  // A PIN opens a library's card as well.
  return kind === "password" ? isShort(scored) && scoreOf(scored, "other") <= 1 : scored.type === "code";
}

/** Whether the control takes three or four signs and no more. */
export function isShort({ control: { maxLength } }: Scored): boolean {
  return maxLength === 3 || maxLength === 4;
}

// A number with nothing else of a card beside it must be beyond doubt: membership cards have numbers too.
function isNumberAlone(scored: Scored): boolean {
  const { maxLength } = scored.control;
  return scored.type === "cc-number" && (isDeclared(scored) || (scoreOf(scored, "cc-number") >= BEYOND_DOUBT && (maxLength < 0 || maxLength >= 15)));
}

/** Whether the page declares by autocomplete what the control was taken for. */
export function isDeclared(scored: Scored): boolean {
  return scored.signals.some((signal) => signal.source === "autocomplete" && signal.type === scored.type);
}

/** Whether nothing is said about the control. */
export function isSilent(scored: Scored): boolean {
  return scored.type === null && ![...scored.scores.values()].some((score) => score > 1) && canHold(scored.control, "cc-number");
}
