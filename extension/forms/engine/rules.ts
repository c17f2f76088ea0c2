/**
 * From what the page says about one control to how much speaks for each type.
 *
 * Every piece of evidence is a {@link Signal} with a name and a weight, so that a decision can explain
 * itself. Rules read concepts, not words: "numero" beside "tarjeta" is a card number in any order.
 */

import { meaningOf, type Concept, type Meaning } from "./lexicon";
import type { Control, Source, Words } from "./read";

/** The types of fields that a card, its holder or a billing address fill. */
export type FieldType =
  | "cc-number" | "cc-exp" | "cc-exp-month" | "cc-exp-year" | "cc-csc" | "cc-name" | "cc-type"
  | "name" | "given-name" | "family-name" | "additional-name" | "address-line1" | "address-line2" | "address-level2" | "address-level1"
  | "postal-code" | "country" | "tel" | "email";

/** What a control can be: a type that is filled, or something that looks like one and is not. */
export type Kind = FieldType | Hint | "gift" | "bank" | "otp" | "birth" | "loyalty" | "coupon" | "search" | "login" | "amount" | "other" | "start" | "day";

/** What only the fields around it can make a card field: "Month", "Date", "Code". */
export type Hint = "month" | "year" | "month-year" | "date" | "code" | "number" | "card" | "type";

/** One piece of evidence for a type. */
export interface Signal {
  readonly type: Kind;
  readonly weight: number;
  readonly source: Source | "autocomplete" | "shape" | "options" | "input" | "neighbours";
  /** What it said: the words read, or the reason. */
  readonly detail: string;
}

/** How far each source is believed. */
const TRUST: Record<Source, number> = {
  label: 4, aria: 4, near: 3.5, column: 3.5, before: 3, placeholder: 3, title: 2, name: 3, id: 3, data: 2.5, class: 2.5, row: 1.5,
};

/** "Alpine club card number" is a card's number, and hardly a payment card's. */
const QUALIFIED = 0.6;
// A class is written for looks, a binding for a program: only what a class says in full counts, and of a binding what names a part of a card too.
const DECIDED: ReadonlySet<Kind> = new Set<Kind>(["cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "gift", "otp", "coupon", "loyalty", "search"]);
const BOUND: ReadonlySet<Kind> = new Set<Kind>([...DECIDED, "number", "month", "year", "month-year"]);
// What one description over several controls can tell about those after the first.
const SHARED: ReadonlySet<Kind> = new Set<Kind>(["cc-exp", "cc-exp-month", "cc-exp-year", "month-year", "date", "birth", "start", "day", "other"]);
// What stands around a control is often the heading of its group; its own placeholder is nearer.
const AROUND: ReadonlySet<Source> = new Set<Source>(["before", "row"]);

type Sense = readonly [type: Kind, strength: number];

const PLAIN: Readonly<Partial<Record<Concept, Kind>>> = {
  giftCard: "gift", bankAccount: "bank", oneTimeCode: "otp", birth: "birth", loyalty: "loyalty", coupon: "coupon",
  search: "search", login: "login", amount: "amount", other: "other", startDate: "start", day: "day", email: "email",
  phone: "tel", postalCode: "postal-code", country: "country", city: "address-level2", state: "address-level1",
  street2: "address-line2", street: "address-line1", givenName: "given-name", familyName: "family-name", middleName: "additional-name",
};
const NAMES: ReadonlySet<Kind> = new Set<Kind>(["given-name", "family-name"]);

const known = new WeakMap<Meaning, readonly Sense[]>();
const NOTHING: readonly Sense[] = [];

/** All evidence about one control taken alone; `identity` is how far its name and id are believed, 0 to 1; `common` are bindings that several controls have. */
export function signalsOf(control: Control, identity: number, common: ReadonlySet<string>): Signal[] {
  const signals: Signal[] = [];
  addAutocomplete(control, signals);
  const other = control.texts.find(isOtherCard);
  for (const text of control.texts) {
    const told = text.source === "data" ? BOUND : text.source === "class" ? DECIDED : null;
    if ((told && common.has(text.words)) || (NAMING.has(text.source) && text.words.length < 2)) continue;
    const meaning = meaningOf(text.words);
    const trust = TRUST[text.source] * attention(meaning.length) * believed(control, text.source, identity);
    const doubted = meaning.strange && !meaning.concepts.has("creditCard") && text.source !== "name" && text.source !== "id";
    for (const [type, strength] of sensesOf(meaning)) {
      if ((text.source === "row" && !SHARED.has(type)) || (told && !told.has(type)) || (doubted && (type === "number" || type === "card"))) continue;
      const doubt = (doubted && type === "cc-number" ? QUALIFIED : 1) * (other && text !== other && OF_OTHERS.has(type) ? OVERRULED : 1);
      signals.push({ type, weight: trust * strength * doubt, source: text.source, detail: text.words });
    }
  }
  addShapes(control, signals);
  addOptions(control, signals);
  addInputType(control, signals);
  return signals;
}

const OVERRULED = 0.4;
// What other cards have too.
const OF_OTHERS: ReadonlySet<Kind> = new Set<Kind>(["cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "card", "number"]);
const NAMING: ReadonlySet<Source> = new Set<Source>(["name", "id"]);
const SHOWN: ReadonlySet<Source> = new Set<Source>(["label", "aria", "placeholder", "title", "near", "column", "before"]);

// "Gift card number" over a box named "cardNumber" leaves no doubt; a name that mentions an order or a booking only tells its place.
function isOtherCard({ source, words }: Words): boolean {
  const { concepts, length } = meaningOf(words);
  if (concepts.has("creditCard") || length > LONGEST_NAMING) return false;
  if (concepts.has("giftCard")) return NAMING.has(source) || SHOWN.has(source);
  return SHOWN.has(source) && concepts.has("loyalty") && ENDS_OR_COUNTS.some((concept) => concepts.has(concept));
}

const LONGEST_NAMING = 7;
const ENDS_OR_COUNTS: readonly Concept[] = ["card", "cardNumber", "number", "expiry"];

function believed(control: Control, source: Source, identity: number): number {
  if (source === "name" || source === "id") return identity;
  return AROUND.has(source) && placeholderSpeaks(control) ? 0.7 : 1;
}

function placeholderSpeaks(control: Control): boolean {
  return control.texts.some((text) => text.source === "placeholder" && meaningOf(text.words).concepts.size > 0);
}

// A label names; a paragraph mentions.
function attention(words: number): number {
  if (words <= 6) return 1;
  return words <= 12 ? 0.7 : 0.4;
}

/** The types that a meaning speaks for, with strengths from 0 to 1. */
export function sensesOf(meaning: Meaning): readonly Sense[] {
  const cached = known.get(meaning);
  if (cached) return cached;
  const senses = meaning.concepts.size > 0 ? allSenses(meaning) : NOTHING;
  known.set(meaning, senses);
  return senses;
}

function allSenses(meaning: Meaning): Sense[] {
  const found = meaning.concepts;
  const senses: Sense[] = [];
  for (const concept of found) {
    const type = PLAIN[concept];
    if (type && !isOverruled(type, found)) senses.push([type, 1]);
  }
  addCardSenses(meaning, senses);
  addDateSenses(meaning, senses);
  return senses;
}

// "Card holder's first name" is the holder; "card verification code" is no one-time code.
function isOverruled(type: Kind, found: ReadonlySet<Concept>): boolean {
  // "The last three digits".
  if (NAMES.has(type)) return found.has("holder") || found.has("card") || found.has("digits") || found.has("securityCode");
  // "Credit card number (to guarantee your booking)" is no booking's.
  if (type === "loyalty") return found.has("creditCard");
  // Persian for a town is Arabic for a month.
  if (type === "address-level2") return found.has("month") && (found.has("expiry") || found.has("year"));
  return type === "otp" && (found.has("securityCode") || (found.has("card") && found.has("security")));
}

function addCardSenses({ concepts: found, length }: Meaning, senses: Sense[]): void {
  const card = found.has("card");
  const code = found.has("code");
  if (found.has("securityCode")) senses.push(["cc-csc", found.has("giftCard") && !found.has("creditCard") ? 0.5 : 1]);
  else if (found.has("security") && (code || found.has("number") || found.has("cardNumber"))) senses.push(["cc-csc", 0.9]);
  else if (found.has("three") && found.has("digits")) senses.push(["cc-csc", 0.9]);
  else if (card && code) senses.push(["cc-csc", 0.5]);
  else if ((code && !found.has("sixteen")) || found.has("security")) senses.push(["code", 1]);
  if (found.has("bankAccount") && (found.has("holder") || found.has("name"))) return addNumberSense(found, length, senses);
  // "Cardholder's ID number", "Date of birth of the holder".
  if (found.has("holder")) senses.push(["cc-name", found.has("loyalty") || found.has("birth") ? 0.5 : 1]);
  else if (card && (found.has("name") || found.has("givenName") || found.has("familyName"))) senses.push(["cc-name", 0.9]);
  else if (found.has("name")) senses.push(["name", 0.8]);
  if (found.has("cardType")) senses.push(["cc-type", 1]);
  else if (found.has("type")) senses.push(card ? ["cc-type", 0.8] : ["type", 1]);
  addNumberSense(found, length, senses);
}

function addNumberSense(found: ReadonlySet<Concept>, length: number, senses: Sense[]): void {
  if (found.has("creditCard") && (found.has("number") || found.has("cardNumber")) && !found.has("securityCode") && !found.has("security") && !found.has("cardType") && !found.has("holder") && !found.has("expiry")) {
    senses.push(["cc-number", 1]);
    return;
  }
  const otherCard = found.has("giftCard") || found.has("loyalty");
  if (found.has("sixteen") && found.has("digits") && !otherCard) return void senses.push(["cc-number", 0.9]);
  const spokenFor = otherCard || found.has("securityCode") || found.has("security") || found.has("holder") || found.has("expiry") || found.has("cardType");
  if (found.has("three") && found.has("digits")) return;
  if (found.has("cardNumber")) senses.push(["cc-number", spokenFor ? 0.4 : 1]);
  else if (spokenFor || found.has("date") || found.has("month") || found.has("year")) return;
  else if (found.has("card") && found.has("number")) senses.push(["cc-number", 0.9]);
  else if (found.has("card") && found.has("code")) senses.push(["cc-number", 0.4]);
  // "Credit card" is more often the heading of all its fields than the name of one.
  else if (found.has("card") && found.has("creditCard") && found.size === 2 && length <= 3) senses.push(["card", 0.6]);
  else if (found.has("card") && found.size === 1 && length <= 3) senses.push(["card", 1]);
  else if (found.has("number")) senses.push(["number", 1]);
}

function addDateSenses({ concepts: found, length }: Meaning, senses: Sense[]): void {
  const month = found.has("month");
  const year = found.has("year");
  const expiry = found.has("expiry");
  // "1 year free" is not about a year.
  const hinted = length <= 3 ? 1 : 0.5;
  const own = isOtherEnd(found) ? OTHER_END : 1;
  if (month && year) senses.push(expiry ? ["cc-exp", own] : ["month-year", hinted]);
  else if (month) senses.push(expiry ? ["cc-exp-month", own] : ["month", hinted]);
  else if (year) senses.push(expiry ? ["cc-exp-year", own] : ["year", hinted]);
  else if (expiry) senses.push(["cc-exp", own]);
  else if (found.has("date")) senses.push(found.has("card") ? ["cc-exp", 0.7] : ["date", 1]);
}

const OTHER_END = 0.3;

// "Passport expiry date": what ends is named, and is no card that pays.
function isOtherEnd(found: ReadonlySet<Concept>): boolean {
  return (found.has("loyalty") || found.has("giftCard")) && !found.has("creditCard");
}

const TOKENS: ReadonlyMap<string, Kind> = new Map([
  ...(["cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "cc-type", "name", "given-name", "family-name",
    "additional-name", "address-line1", "address-line2", "address-level2", "address-level1", "postal-code", "country", "tel",
    "email"] as const).map((token) => [token, token] as const),
  ["cc-given-name", "given-name"], ["cc-family-name", "family-name"], ["street-address", "address-line1"], ["country-name", "country"],
  ["tel-national", "tel"], ["tel-local", "tel"], ["username", "login"], ["current-password", "login"], ["new-password", "login"],
  ["one-time-code", "otp"], ["bday", "birth"], ["bday-month", "birth"], ["bday-year", "birth"], ["bday-day", "birth"],
  ["organization", "other"], ["organization-title", "other"], ["transaction-amount", "amount"], ["transaction-currency", "amount"],
  // Not in the standard, and common.
  ["cc-cvc", "cc-csc"], ["cc-cvv", "cc-csc"], ["cc-expiry", "cc-exp"], ["cardnumber", "cc-number"], ["cvv", "cc-csc"], ["cvc", "cc-csc"],
]);
const AUTOCOMPLETE_WEIGHT = 9;
// Pages say "new-password" of any field to keep browsers from filling it.
const PASSWORDS: ReadonlySet<string> = new Set(["new-password", "current-password"]);
const PASSWORD_WEIGHT = 1.5;

// The last token that is a field name counts; section, shipping and billing stand before it (HTML, "autofill detail tokens").
function addAutocomplete(control: Control, signals: Signal[]): void {
  for (let i = control.autocomplete.length - 1; i >= 0; i--) {
    const token = control.autocomplete[i] as string;
    const type = TOKENS.get(token);
    if (!type || (PASSWORDS.has(token) && control.kind !== "password")) continue;
    signals.push({ type, weight: PASSWORDS.has(token) ? PASSWORD_WEIGHT : AUTOCOMPLETE_WEIGHT, source: "autocomplete", detail: token });
    return;
  }
}

// Two letters repeated on both sides of a separator: MM/YY, MM/AAAA, KK/VV, ММ/ГГ.
const EXPIRY_SHAPE = /(?:^|[^\p{L}\/.-])(\p{L})\1\s?[\/.\-–|]\s?(\p{L})\2(?:\2\2)?(?![\p{L}\/.-])/iu;
const EXPIRY_EXAMPLE = /^\D{0,12}(?:0?[1-9]|1[0-2])\s?[\/\-–]\s?(?:20)?[2-4]\d\D{0,2}$/;
const NUMBER_EXAMPLE = /(?:^|[\s:])[\dxX#*•●_·–]{4}(?:[ -]?[\dxX#*•●_·–]{4}){3}|(?:^|\s)\d{13,19}(?:\s|$)/;
const CODE_EXAMPLE = /^\s*(?:\d{3,4}|[xX*•●#]{3,4})\s*$/;
// No shape is without one of these.
const SHAPELY = /[\d/.–|xX*•#-]|mm|мм|kk/i;
const MONTH_EXAMPLE = /^\s*(?:mm|aa\/?|мм|kk|0?1|12)\s*$/i;

function addShapes(control: Control, signals: Signal[]): void {
  const begins = signals.some((signal) => signal.type === "start" || signal.type === "birth");
  for (const [where, text] of [["placeholder", control.placeholder], ["caption", control.caption]] as const) {
    if (text.length < 2 || text.length > 90 || !SHAPELY.test(text)) continue;
    if (EXPIRY_SHAPE.test(text) || EXPIRY_EXAMPLE.test(text)) {
      if (!begins) signals.push({ type: "cc-exp", weight: 3, source: "shape", detail: `${where} looks like MM/YY` });
    } else if (NUMBER_EXAMPLE.test(text)) signals.push({ type: "cc-number", weight: 4, source: "shape", detail: `${where} looks like a card number` });
    else if (where === "placeholder" && CODE_EXAMPLE.test(text)) signals.push({ type: "code", weight: 1, source: "shape", detail: "placeholder of 3 or 4 digits" });
    else if (where === "placeholder" && MONTH_EXAMPLE.test(text)) signals.push({ type: "month", weight: 2, source: "shape", detail: "placeholder of a month" });
  }
}

function addOptions(control: Control, signals: Signal[]): void {
  const options = control.options;
  if (!options) return;
  if (options.months) signals.push({ type: "month", weight: 3, source: "options", detail: "months" });
  if (options.years) signals.push({ type: "year", weight: 3, source: "options", detail: "years to come" });
  if (options.pastYears) signals.push({ type: "birth", weight: 4, source: "options", detail: "years of birth" });
  if (options.days) signals.push({ type: "day", weight: 3, source: "options", detail: "days" });
  if (options.otherMeans && options.brands < 2) signals.push({ type: "other", weight: 4, source: "options", detail: "means of payment without a card" });
  else if (options.brands > 0) signals.push({ type: "cc-type", weight: options.brands * 2 >= options.count - 1 && !options.documents ? 4 : 1.6, source: "options", detail: "card brands" });
}

function addInputType(control: Control, signals: Signal[]): void {
  if (control.kind === "email") signals.push({ type: "email", weight: 6, source: "input", detail: "type=email" });
  if (control.kind === "search") signals.push({ type: "search", weight: 6, source: "input", detail: "type=search" });
  if (control.kind === "month") signals.push({ type: "month-year", weight: 2, source: "input", detail: "type=month" });
  if (control.kind === "date") signals.push({ type: "date", weight: 1.6, source: "input", detail: "type=date" });
  if (control.kind === "tel") signals.push({ type: "tel", weight: 0.5, source: "input", detail: "type=tel" });
  if (control.kind === "password") signals.push({ type: "login", weight: 1, source: "input", detail: "type=password" });
  if (control.kind === "textarea") signals.push({ type: "other", weight: 1, source: "input", detail: "more than one line" });
}
