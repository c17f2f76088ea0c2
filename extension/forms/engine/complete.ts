/**
 * What only the rest of a card form can tell: the box without a word, a plain "Name", one code of two.
 */

import { isBox, silentBoxes } from "./boxes";
import { BEYOND_DOUBT, CARD_TYPES, isDeclared, isDoubted, isShort, isSilent } from "./cardform";
import { canHold } from "./kinds";
import { type Meaning, meaningOf } from "./lexicon";
import type { Kind } from "./rules";
import { scoreOf, settle, type Scored } from "./score";

const SHORTEST_NUMBER = 13;

/** Where the rest of a card is found, the one box of which nothing is said, in the place and size of what is missing, is that. */
export function nameRest(form: Scored[]): void {
  const has = (...types: Kind[]): boolean => form.some((scored) => scored.type !== null && types.includes(scored.type));
  if (!has("cc-exp", "cc-exp-month", "cc-exp-year")) nameExpiry(form);
  if (!has("cc-exp", "cc-exp-month")) return;
  const boxes = has("cc-number") || !has("cc-csc") ? [] : silentBoxes(form);
  for (const scored of boxes) settle(scored, "cc-number", "boxes before an expiry and a code");
  if (!has("cc-number") && has("cc-csc")) {
    const found = form.find((scored) => isSilent(scored) && nearCard(form, scored) && (scored.control.maxLength < 0 || scored.control.maxLength >= SHORTEST_NUMBER));
    if (found) settle(found, "cc-number", "nothing else is the number");
  } else if (has("cc-number") && !has("cc-csc", "otp", "code")) {
    const found = form.find((scored) => isSilent(scored) && nearCard(form, scored) && isShort(scored) && !isBox(form[form.indexOf(scored) - 1]));
    if (found) settle(found, "cc-csc", "nothing else is the code");
  }
}

// One silent box, or two short ones, between the number and the code.
function nameExpiry(form: Scored[]): void {
  const first = form.findIndex((scored) => scored.type === "cc-number" || scored.type === "cc-csc");
  const last = form.findLastIndex((scored) => scored.type === "cc-number" || scored.type === "cc-csc");
  const between = form.slice(first + 1, last).filter((scored) => scored.type !== "cc-number" && scored.type !== "cc-name");
  if (first < 0 || form[first]?.type === form[last]?.type || !between.every(isSilent)) return;
  const [one, other, more] = between;
  if (!one || more) return;
  if (!other) return settle(one, "cc-exp", "nothing else is the expiry");
  if (![one, other].every(({ control: { maxLength } }) => maxLength === 2 || maxLength === 4)) return;
  settle(one, "cc-exp-month", "nothing else is the expiry");
  settle(other, "cc-exp-year", "nothing else is the expiry");
}

function nearCard(form: readonly Scored[], scored: Scored): boolean {
  const place = form.indexOf(scored);
  return [place - 1, place + 1].some((beside) => CARD_TYPES.has(form[beside]?.type ?? "other"));
}

/** A plain "Name" that stands among the card's fields is the holder's; so is a lone "First name" with no last name anywhere. */
export function nameHolder(form: Scored[]): void {
  if (form.some((scored) => scored.type === "cc-name")) return;
  const fields = form.map((scored, place) => (scored.type && CARD_TYPES.has(scored.type) ? place : -1)).filter((place) => place >= 0);
  const family = form.some((scored) => scored.type === "family-name");
  for (let place = 0; place < form.length; place++) {
    const scored = form[place] as Scored;
    const named = scored.type === "name" || (scored.type === "given-name" && !family);
    if (!named || !isPlain(scored) || distance(fields, place) !== 1 || !canHold(scored.control, "cc-name")) continue;
    settle(scored, "cc-name", "name beside a card field");
    return;
  }
  nameByExample(form, fields);
}

const WORDY = 4;

// "Receipt for the tax office in the name of": of a phrase that is not understood the name is of something else.
function isPlain({ type, signals }: Scored): boolean {
  return signals.some((signal) => signal.type === type && !isPhrase(meaningOf(signal.detail)));
}

function isPhrase({ strange, length }: Meaning): boolean {
  return strange && length >= WORDY;
}

/** "John Doe", "J. Smith", "TARO YAMADA". */
const PERSON_EXAMPLE = /^\p{Lu}[\p{L}.]*(?: \p{Lu}[\p{L}.]*){1,2}$/u;

// A box of which nothing is said but a person's name as an example.
function nameByExample(form: readonly Scored[], fields: readonly number[]): void {
  const found = form.find((scored, place) => scored.type === null && scored.scores.size === 0 && distance(fields, place) === 1 && PERSON_EXAMPLE.test(scored.control.placeholder) && canHold(scored.control, "cc-name"));
  if (found) settle(found, "cc-name", "an example of a name beside a card field");
}

/** Of several plain "Numbers" near a card one is the card's, the first; beside a "Card number" the "Store card number" is another's. */
export function keepOneNumber(form: readonly Scored[]): void {
  const numbers = form.filter((scored) => scored.type === "cc-number" && !isBox(scored));
  const hinted = numbers.filter(({ signals }) => signals.every(({ type, source }) => type !== "cc-number" || source === "neighbours"));
  const doubted = numbers.filter(isDoubted);
  const clear = numbers.length - hinted.length - doubted.length;
  for (const scored of clear > 0 ? [...hinted, ...doubted] : doubted.length > 0 ? hinted : hinted.slice(1)) scored.type = null;
}

/** One number has one security code; the other "security code" is a captcha or a message's. */
export function keepOneCode(form: readonly Scored[]): void {
  let best: Scored | null = null;
  let numbers = 0;
  for (const scored of form) {
    if (scored.type === "cc-number" && !isBox(scored)) numbers += 1;
    if (scored.type === "cc-number" && numbers > 1 && !isBox(scored)) best = null;
    if (scored.type !== "cc-csc" || isDeclared(scored)) continue;
    if (best && isMuchWeaker(scored, best)) scored.type = null;
    else {
      if (best && isMuchWeaker(best, scored)) best.type = null;
      best = scored;
    }
  }
}

const MUCH = 0.95;

function isMuchWeaker(one: Scored, other: Scored): boolean {
  return scoreOf(one, "cc-csc") < MUCH * scoreOf(other, "cc-csc");
}

/** "Verification code" beside a card's fields is the card's, when nothing else is and nobody sent it. */
export function nameCode(form: Scored[]): void {
  if (form.some((scored) => scored.type === "cc-csc")) return;
  const fields = form.map((scored, place) => (scored.type && CARD_TYPES.has(scored.type) ? place : -1)).filter((place) => place >= 0);
  const sent = (scored: Scored): boolean => ["tel", "email", "other"].some((kind) => scoreOf(scored, kind as Kind) > 1) || scoreOf(scored, "otp") >= BEYOND_DOUBT;
  const codes = form.filter((scored, place) => scored.type === "otp" && distance(fields, place) === 1 && !isDeclared(scored) && !sent(scored));
  const found = codes.find((scored) => scoreOf(scored, "cc-csc") > 0) ?? codes[0];
  if (found) settle(found, "cc-csc", "verification code beside a card field");
}
/** How many controls away the nearest anchor is. */
export function distance(anchors: readonly number[], place: number): number {
  let least = Infinity;
  for (const anchor of anchors) least = Math.min(least, Math.abs(anchor - place));
  return least;
}
