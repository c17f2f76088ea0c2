/**
 * The option of a select that stands for a value: by what it says, by its value, by its place.
 */

import { LANGUAGES } from "./terms.generated";
import { pad, short } from "./dates";
import type { FieldType } from "./rules";
import { countryTexts, languageOf } from "./regions";
import { asciiDigits, normalise } from "./text";
import { brandOf, textsFor, type FillValues } from "./values";

/** Thai pages count years from 543 BC. */
const BUDDHIST_ERA = 543;
const BRAND_WORDS: Readonly<Record<string, RegExp>> = {
  visa: /^(?:visa|vi|vs|v|001)\b/, mastercard: /^(?:master ?card|master|mc|m|euro ?card|002)\b/, amex: /^(?:american ?express|amex|ae|ax|003)\b/,
  discover: /^(?:discover|di|ds|004)\b/, jcb: /^jcb\b/, diners: /^(?:diners?|dc|dn)\b/, unionpay: /^(?:china )?union ?pay\b/, maestro: /^maestro\b/,
};

/** The values of the options to try, the likeliest first. */
export function optionFor(type: FieldType, select: HTMLSelectElement, values: FillValues): string[] {
  const options = [...select.options].filter((option) => !option.disabled);
  const found = pick(type, select, options, values);
  return found ? [found.value] : [];
}

function pick(type: FieldType, select: HTMLSelectElement, options: HTMLOptionElement[], values: FillValues): HTMLOptionElement | undefined {
  switch (type) {
    case "cc-exp-month":
      return monthOption(options, values.month, languageOf(select));
    case "cc-exp-year":
      return yearOption(options, values.year);
    case "cc-exp":
      return wholeOption(options, values);
    case "cc-type":
      return brandOption(options, brandOf(values));
    case "country":
      return countryOption(options, values.billing?.country ?? "", languageOf(select));
    default:
      return namedOption(options, textsFor(type, { ...EMPTY, element: select }, values));
  }
}

const EMPTY = {
  index: 0, kind: "text", autocomplete: [], texts: [], placeholder: "", caption: "", maxLength: -1, options: null, form: null,
};

function monthOption(options: readonly HTMLOptionElement[], month: number, language: string): HTMLOptionElement | undefined {
  const said = options.find((option) => leadingNumber(option.text) === month);
  if (said) return said;
  const names = monthNames(month, language);
  const named = options.find((option) => names.some((name) => normalise(option.text).split(" ").some((word) => word === name || (name.length >= 3 && word.startsWith(name)))));
  if (named) return named;
  const numbers = options.map((option) => (/^\d{1,2}$/.test(option.value) ? Number(option.value) : NaN));
  const fromZero = numbers.includes(0) && numbers.includes(11) && !numbers.includes(12);
  const valued = options.find((_option, place) => numbers[place] === (fromZero ? month - 1 : month));
  return valued ?? (options.length === 12 || options.length === 13 ? options[options.length - 12 + month - 1] : undefined);
}

// In the page's language first, then in all others that the engine reads.
function monthNames(month: number, language: string): string[] {
  const names: string[] = [];
  for (const code of [language, "en", ...LANGUAGES.map(([code]) => code)]) {
    for (const style of ["long", "short"] as const) {
      try {
        names.push(normalise(new Intl.DateTimeFormat(code, { month: style, timeZone: "UTC", calendar: "gregory" }).format(Date.UTC(2000, month - 1, 15))));
      } catch {
        // A page may name a language that is none.
      }
    }
  }
  return [...new Set(names.filter(Boolean))];
}

function yearOption(options: readonly HTMLOptionElement[], year: number): HTMLOptionElement | undefined {
  for (const want of [String(year), short(year), String(year + BUDDHIST_ERA)]) {
    const found = options.find((option) => asciiDigits(option.text).replace(/\D/g, "") === want) ?? options.find((option) => option.value.trim() === want);
    if (found) return found;
  }
  return undefined;
}

function wholeOption(options: readonly HTMLOptionElement[], { month, year }: FillValues): HTMLOptionElement | undefined {
  const wants = [`${pad(month)}${short(year)}`, `${pad(month)}${year}`, `${year}${pad(month)}`, `${month}${year}`];
  return options.find((option) => [option.text, option.value].some((text) => wants.includes(asciiDigits(text).replace(/\D/g, ""))));
}

function brandOption(options: readonly HTMLOptionElement[], brand: string): HTMLOptionElement | undefined {
  const words = BRAND_WORDS[brand];
  return options.find((option) => names(option.text, brand, words)) ?? options.find((option) => names(option.value, brand, words));
}

/** Whether a text names a card brand. */
export function names(text: string, brand: string, words = BRAND_WORDS[brand]): boolean {
  const plain = normalise(text);
  return brand !== "" && (plain.split(" ").includes(brand) || words?.test(plain) === true);
}

function countryOption(options: readonly HTMLOptionElement[], country: string, language: string): HTMLOptionElement | undefined {
  if (!country) return undefined;
  return options.find((option) => option.value.toUpperCase() === country) ?? namedOption(options, countryTexts(country, language));
}

function namedOption(options: readonly HTMLOptionElement[], texts: readonly string[]): HTMLOptionElement | undefined {
  const wanted = texts.map(normalise);
  return options.find((option) => wanted.includes(normalise(option.value)) || wanted.includes(normalise(option.text)));
}

function leadingNumber(text: string): number {
  const match = /^\D{0,3}(\d{1,2})(?!\d)/.exec(asciiDigits(text.trim()));
  return match ? Number(match[1]) : NaN;
}

