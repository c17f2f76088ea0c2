/**
 * A value in the forms a control may want it, the likeliest first.
 *
 * In: what is to be written and the control. Out: strings to try, one after the other, until the control
 * keeps one. Nothing is written here.
 */

import { expiryTexts, monthTexts, yearTexts } from "./dates";
import { optionFor } from "./choose";
import { countryTexts, languageOf, stateTexts } from "./regions";
import type { Control } from "./read";
import type { FieldType } from "./rules";

/** What a release fills. Months are 1 to 12, years have four digits. */
export interface FillValues {
  readonly number: string;
  readonly securityCode: string;
  readonly month: number;
  readonly year: number;
  readonly name: string;
  /** As the card says it ("visa"); derived from the number when absent. */
  readonly brand?: string;
  readonly billing?: Billing;
}

/** A billing address, when the release carries one. Country is ISO 3166-1 alpha-2. */
export interface Billing {
  readonly line1?: string;
  readonly line2?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly phone?: string;
  readonly email?: string;
}

/** The strings to try for a control, the likeliest first; empty when there is nothing to write. */
export function textsFor(type: FieldType, control: Control, values: FillValues): string[] {
  if (control.options) return optionFor(type, control.element as HTMLSelectElement, values);
  const texts = written(type, control, values).filter((text) => text !== "");
  return preferPattern(control, [...new Set(texts)]);
}

function written(type: FieldType, control: Control, values: FillValues): string[] {
  switch (type) {
    case "cc-number":
      return numberTexts(values.number, control);
    case "cc-csc":
      return [values.securityCode];
    case "cc-name":
      return [values.name];
    case "cc-exp":
      return expiryTexts(control, values);
    case "cc-exp-month":
      return monthTexts(control, values.month);
    case "cc-exp-year":
      return yearTexts(control, values.year);
    case "cc-type":
      return [brandOf(values)];
    case "address-level1":
      return fittingFirst(control, stateTexts(values.billing?.state ?? "", values.billing?.country ?? ""));
    case "country":
      return fittingFirst(control, countryTexts(values.billing?.country ?? "", languageOf(control.element)));
    default:
      return [personal(type, values)];
  }
}

/** The part of a card number for each of several boxes, by their lengths; the last takes the rest. */
export function splitNumber(number: string, lengths: readonly number[]): string[] {
  let at = 0;
  return lengths.map((length, index) => {
    const part = index === lengths.length - 1 ? number.slice(at) : number.slice(at, at + length);
    at += length;
    return part;
  });
}

// Without blanks first: a mask adds them itself, a plain box is seldom checked for them, a server often is.
function numberTexts(number: string, control: Control): string[] {
  const grouped = groups(number);
  const forms = [number, grouped.join(" "), grouped.join("-")];
  const limit = control.maxLength;
  const fitting = limit > 0 ? forms.filter((form) => form.length <= limit) : forms;
  const bare = control.kind === "number" ? [number] : fitting;
  return bare;
}

function groups(number: string): string[] {
  if (/^3[47]/.test(number)) return [number.slice(0, 4), number.slice(4, 10), number.slice(10)];
  return number.match(/.{1,4}/g) ?? [];
}

/** The brand by the leading digits (ISO/IEC 7812 issuer ranges of the large schemes). */
export function brandOf(values: FillValues): string {
  if (values.brand) return values.brand;
  const { number } = values;
  if (/^4/.test(number)) return "visa";
  if (/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/.test(number)) return "mastercard";
  if (/^3[47]/.test(number)) return "amex";
  if (/^(?:6011|65|64[4-9])/.test(number)) return "discover";
  if (/^35(?:2[89]|[3-8])/.test(number)) return "jcb";
  if (/^3(?:0[0-5]|[68])/.test(number)) return "diners";
  return /^62/.test(number) ? "unionpay" : "";
}

function personal(type: FieldType, { name, billing }: FillValues): string {
  const space = name.lastIndexOf(" ");
  switch (type) {
    case "name":
      return name;
    case "given-name":
      return space < 0 ? name : name.slice(0, space);
    case "family-name":
      return space < 0 ? "" : name.slice(space + 1);
    case "address-line1":
      return billing?.line1 ?? "";
    case "address-line2":
      return billing?.line2 ?? "";
    case "address-level2":
      return billing?.city ?? "";
    case "postal-code":
      return billing?.postalCode ?? "";
    case "tel":
      return billing?.phone ?? "";
    case "email":
      return billing?.email ?? "";
    default:
      return "";
  }
}

// A box of two letters takes a code.
function fittingFirst({ maxLength }: Control, texts: readonly string[]): string[] {
  const fits = (text: string): boolean => maxLength < 0 || text.length <= maxLength;
  return [...texts.filter(fits), ...texts.filter((text) => !fits(text))];
}

// A pattern is the page's own word on what it takes.
function preferPattern(control: Control, texts: string[]): string[] {
  const pattern = compiled(control.element.getAttribute("pattern") ?? "");
  if (!pattern) return texts;
  return [...texts.filter((text) => pattern.test(text)), ...texts.filter((text) => !pattern.test(text))];
}

function compiled(pattern: string): RegExp | null {
  if (!pattern || pattern.length > 200) return null;
  try {
    return new RegExp(`^(?:${pattern})$`, "v");
  } catch {
    return null;
  }
}
