/**
 * What a select offers: months, expiry years, birth years, days, card brands.
 */

import { asciiDigits, normalise } from "./text";

export interface OptionsSummary {
  readonly months: boolean;
  /** Consecutive years that a card can expire in. */
  readonly years: boolean;
  /** Years that reach back to people's births. */
  readonly pastYears: boolean;
  readonly days: boolean;
  /** A run of numbers that are none of these: how many, which size. */
  readonly counted: boolean;
  /** How many options name a card brand. */
  readonly brands: number;
  /** Some option names a way to pay without a card. */
  readonly otherMeans: boolean;
  /** "Visa" among them is a paper to travel with: no other brand beside it. */
  readonly documents: boolean;
  readonly count: number;
}

const NONE: OptionsSummary = { months: false, years: false, pastYears: false, days: false, counted: false, brands: 0, otherMeans: false, documents: false, count: 0 };
// Lists of countries, currencies and years of birth are longer than anything a card needs.
const LONGEST = 130;
const MOST_BRANDS = 20;
const BRANDS = /^(?:visa|master ?card|mastercard|amex|american express|diners|diners club|discover|jcb|maestro|union ?pay|mir|cb|carte bleue|carte bancaire|elo|hipercard|rupay|troy|eurocard|dankort)(?: |$)/;

/** Read what a select offers. */
export function summariseOptions(select: HTMLSelectElement): OptionsSummary {
  const options = select.options;
  const count = options.length;
  if (count < 2 || count > LONGEST) return { ...NONE, count };
  if (count > MOST_BRANDS && !isNumbered(options, count)) return { ...NONE, count };
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(normalise((options[i] as HTMLOptionElement).text));
  const numbers = consecutive(texts);
  const brands = count <= MOST_BRANDS ? texts.filter((text) => BRANDS.test(text) && !SAVED.test(text)) : [];
  const named = count >= 12 && count <= 14 && monthNames(texts);
  const months = named || (numbers !== null && numbers.first <= 1 && numbers.last - numbers.first === 11) || valuesAreMonths(options);
  const years = numbers !== null && isExpiryRange(numbers) && !isPast(numbers);
  const pastYears = numbers !== null && ((numbers.first >= 1850 && numbers.first < 2005) || isPast(numbers));
  const days = numbers !== null && numbers.first === 1 && numbers.last >= 28 && numbers.last <= 31;
  return {
    months,
    years,
    pastYears,
    days,
    counted: numbers !== null && !months && !years && !pastYears && !days,
    brands: brands.length,
    documents: brands.length === 1 && (brands[0] as string) === "visa" && count > 2,
    otherMeans: count <= MOST_BRANDS && texts.some((text) => OTHER_MEANS.test(text)),
    count,
  };
}

// A long list that ends in a word holds no years and no days.
function isNumbered(options: HTMLOptionsCollection, count: number): boolean {
  return /\p{Nd}/u.test((options[count - 1] as HTMLOptionElement).text) || /\p{Nd}/u.test((options[count >> 1] as HTMLOptionElement).text);
}

// "Visa ending in 1111" is a card kept from before.
const SAVED = /\d{3}/;
const OTHER_MEANS = /paypal|\b(?:cash|klarna|sepa|ideal|sofort|bizum|pix|boleto|bitcoin|bancontact|giropay|apple ?pay|google ?pay|alipay|wechat|bank transfer|wire|cheque|check|bonifico|contrassegno|transferencia|efectivo|virement|uberweisung|rechnung|invoice|havale|eft|blik|swish|vipps|mobilepay|nalozhennym|paysafe ?card|on delivery)\b|наличн|перевод|現金|现金|转账|轉帳|代金引換|代引/;

interface Range {
  readonly first: number;
  readonly last: number;
  /** From the highest down. */
  readonly falling: boolean;
}

// The options that are numbers, as a run without gaps; a first "Year" or "--" may stand before it.
function consecutive(texts: readonly string[]): Range | null {
  const numbers: number[] = [];
  for (const text of texts) {
    const match = /^(?:\p{L}+ )?(\d{1,4})(?: ?[\p{L}].*)?$/u.exec(asciiDigits(text));
    if (match) numbers.push(Number(match[1]));
  }
  if (numbers.length < 3 || numbers.length < texts.length - 2) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const first = sorted[0] as number;
  const last = sorted[sorted.length - 1] as number;
  return last - first === new Set(sorted).size - 1 ? { first, last, falling: (numbers[0] as number) > (numbers[1] as number) } : null;
}

const SHORTEST_PAST = 8;

// Years to come are told upwards; a long list that begins with the latest looks back.
function isPast({ first, last, falling }: Range): boolean {
  return falling && first >= 1850 && last < 2100 && last - first >= SHORTEST_PAST && last <= new Date().getFullYear() + 1;
}

function isExpiryRange({ first, last }: Range): boolean {
  const span = last - first;
  if (first >= 2005) return last < 2100 && span <= 60;
  return first >= 8 && last <= 99 && span >= 3 && span <= 60;
}

// "01 - January" and "January (01)" in whatever language: twelve different words beside 1 to 12, or twelve words that are known names.
function monthNames(texts: readonly string[]): boolean {
  const words = texts.map((text) => text.replace(/\d+/g, "").trim());
  return KNOWN_MONTHS.some((start) => words.some((word) => word.startsWith(start))) && new Set(words).size >= 12;
}

const KNOWN_MONTHS = [
  "jan", "ene", "gen", "янв", "січ", "ιαν", "ocak", "led", "sty", "ianuarie", "tammi", "januar", "يناير", "ינואר", "जनवरी", "1월", "一月", "1月", "มกราคม", "thang", "فروردین", "siječ", "sijec", "sausis", "jaanuar", "gener",
];

function valuesAreMonths(options: HTMLOptionsCollection): boolean {
  if (options.length < 12 || options.length > 14) return false;
  const values: number[] = [];
  for (let i = 0; i < options.length; i++) {
    const value = (options[i] as HTMLOptionElement).value;
    if (/^\d{1,2}$/.test(value)) values.push(Number(value));
  }
  const first = values[values.length - 12];
  return values.length >= 12 && (first === 0 || first === 1) && values[values.length - 1] === first + 11;
}
