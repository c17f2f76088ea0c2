/**
 * An expiry in the form a text box wants it: MM/YY, MM / YYYY, MMYY, YYYY-MM, M, and the page's own digits.
 */

import type { Control } from "./read";

interface Shape {
  readonly yearFirst: boolean;
  readonly separator: string;
  readonly yearDigits: 2 | 4;
}

const LETTERS = /(\p{L})\1{0,3}(\s?[\/\-.–|]\s?|\s)(\p{L})\3{1,3}/iu;
const EXAMPLE = /(\d{1,4})(\s?[\/\-.–]\s?)(\d{2,4})/;
const MONTH_LETTER = /[mмμk月]/i;

/** The whole expiry, likeliest form first. */
export function expiryTexts(control: Control, { month, year }: { month: number; year: number }): string[] {
  const two = pad(month);
  if (control.kind === "month") return [`${year}-${two}`];
  if (control.kind === "date") return [`${year}-${two}-${pad(lastDay(year, month))}`];
  const wanted = shapeOf(control);
  const first = write(wanted, two, year);
  const others = [`${two}/${short(year)}`, `${two}/${year}`, `${two}${short(year)}`, `${two} / ${short(year)}`, `${two}-${short(year)}`, `${two}${year}`];
  const texts = control.kind === "number" ? [`${two}${short(year)}`, `${two}${year}`] : [first, ...others];
  return inPageDigits(control, fitting(control, texts));
}

/** The month alone. */
export function monthTexts(control: Control, month: number): string[] {
  const { max, min } = control.element as HTMLInputElement;
  if (max === "11" && (min === "" || min === "0")) return [String(month - 1)];
  const bare = control.maxLength === 1 || /^\s*m\s*$/i.test(control.placeholder);
  const texts = bare ? [String(month), pad(month)] : [pad(month), String(month)];
  return inPageDigits(control, texts);
}

/** The year alone. */
export function yearTexts(control: Control, year: number): string[] {
  const { max, min } = control.element as HTMLInputElement;
  const hint = `${control.placeholder} ${control.caption}`;
  const long = Number(min) >= 1000 || Number(max) >= 1000 || control.maxLength === 4 || /(\p{L})\1{3}|20\d\d/iu.test(hint);
  const brief = control.maxLength === 2 || (max !== "" && Number(max) <= 99) || /(?:^|[^\p{L}])([yajгrv])\1(?![\p{L}])/iu.test(hint);
  const texts = brief && !long ? [short(year), String(year)] : [String(year), short(year)];
  return inPageDigits(control, fitting(control, texts));
}

function shapeOf(control: Control): Shape {
  for (const hint of [control.placeholder, control.caption, titleOf(control)]) {
    const shape = fromLetters(hint) ?? fromExample(hint);
    if (shape) return shape;
  }
  return fromLength(control.maxLength);
}

function fromLetters(hint: string): Shape | null {
  const match = LETTERS.exec(hint);
  if (!match) return null;
  const [whole, first = "", separator = "/", second = ""] = match;
  const halves = whole.split(separator);
  const yearFirst = (halves[0]?.length ?? 0) === 4 || (MONTH_LETTER.test(second) && !MONTH_LETTER.test(first));
  const digits = Math.max(...(yearFirst ? [halves[0]?.length ?? 2] : [halves.at(-1)?.length ?? 2]));
  return { yearFirst, separator, yearDigits: digits >= 4 ? 4 : 2 };
}

function fromExample(hint: string): Shape | null {
  const match = EXAMPLE.exec(hint);
  if (!match) return null;
  const [, first = "", separator = "/", second = ""] = match;
  if (first.length === 4) return { yearFirst: true, separator, yearDigits: 4 };
  return { yearFirst: false, separator, yearDigits: second.length === 4 ? 4 : 2 };
}

// MMYY, MM/YY, MMYYYY, MM/YYYY, MM / YYYY have five different lengths. Seven is MM / YY too, but a mask shows that it cut the year.
const BY_LENGTH: Readonly<Record<number, Shape>> = {
  4: { yearFirst: false, separator: "", yearDigits: 2 },
  6: { yearFirst: false, separator: "", yearDigits: 4 },
  7: { yearFirst: false, separator: "/", yearDigits: 4 },
  9: { yearFirst: false, separator: " / ", yearDigits: 4 },
};

function fromLength(limit: number): Shape {
  return BY_LENGTH[limit] ?? { yearFirst: false, separator: "/", yearDigits: 2 };
}

function write(shape: Shape, month: string, year: number): string {
  const digits = shape.yearDigits === 4 ? String(year) : short(year);
  return shape.yearFirst ? `${digits}${shape.separator}${month}` : `${month}${shape.separator}${digits}`;
}

function fitting(control: Control, texts: readonly string[]): string[] {
  const limit = control.maxLength;
  return limit > 0 ? texts.filter((text) => text.length <= limit) : [...texts];
}

// A page that shows its examples in other digits than 0-9 is offered those first.
function inPageDigits(control: Control, texts: readonly string[]): string[] {
  const zero = zeroOf(control.placeholder);
  if (zero === null || control.kind === "number") return [...texts];
  const own = texts.map((text) => text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit))));
  return [...own, ...texts];
}

function zeroOf(text: string): number | null {
  const digit = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59]/u.exec(text)?.[0];
  if (!digit) return null;
  const code = digit.codePointAt(0) ?? 0;
  return [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50].find((zero) => code >= zero && code < zero + 10) ?? null;
}

function titleOf(control: Control): string {
  return control.element.title;
}

function lastDay(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** A month with two digits. */
export function pad(month: number): string {
  return String(month).padStart(2, "0");
}

/** A year with two digits. */
export function short(year: number): string {
  return pad(year % 100);
}
