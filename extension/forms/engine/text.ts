/**
 * Text as it is compared: one spelling for what people read as the same word.
 *
 * Compatibility forms, case, Latin, Greek, Cyrillic, Arabic and Hebrew marks, and the digits of other
 * scripts disappear; Japanese and Indic marks stay, because there they make another letter.
 */

const ASCII = /^[\x00-\x7f]*$/;
const NOT_WORD = /[^\p{L}\p{N}\p{M}]+/gu;
const LOOSE_MARKS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640\u200b-\u200f\u2060\ufeff]/g;
const LETTERS: Record<string, string> = {
  ı: "i", ł: "l", ø: "o", ß: "ss", đ: "d", æ: "ae", œ: "oe", ð: "d", þ: "th", ي: "ی", ى: "ی", ك: "ک", ة: "ه", أ: "ا", إ: "ا", آ: "ا",
};
const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");
const OTHER_DIGIT = /\p{Nd}/gu;
/** Scripts written without spaces between words. */
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

// The same few texts come again and again: on one page, and each time it is looked at.
const MOST_KEPT = 4000;
const texts = new Map<string, string>();
const identifiers = new Map<string, string>();

function remembered(known: Map<string, string>, key: string, make: (key: string) => string): string {
  if (key === "") return "";
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  if (known.size > MOST_KEPT) known.clear();
  const made = make(key);
  known.set(key, made);
  return made;
}

/** The words of a text a person reads, lower case, separated by single spaces. */
export function normalise(text: string): string {
  return remembered(texts, text, plainWords);
}

/** The words of a name or id: split at case changes, separators and digits. */
export function identifierWords(identifier: string): string {
  return remembered(identifiers, identifier, splitWords);
}

function plainWords(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
  return asciiDigits(text.normalize("NFKD").replace(LOOSE_MARKS, "").normalize("NFC").toLowerCase())
    .replace(SPECIAL, (letter) => LETTERS[letter] ?? letter)
    .replace(NOT_WORD, " ")
    .trim();
}

function splitWords(identifier: string): string {
  const spaced = identifier
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/(\p{L})(\d)/gu, "$1 $2")
    .replace(/(\d)(\p{L})/gu, "$1 $2");
  return withoutHash(plainWords(spaced));
}

const SHORT = 4;
const DIGITS_INSIDE = 2;

// "f_8a7cvv20e" was made by a machine: of what stands between its digits only long words can mean something.
function withoutHash(words: string): string {
  const list = words.split(" ");
  const inside = list.filter((word, place) => place > 0 && place < list.length - 1 && isNumeral(word)).length;
  return inside < DIGITS_INSIDE ? words : list.filter((word) => isNumeral(word) || word.length > SHORT).join(" ");
}

function isNumeral(word: string): boolean {
  return word !== "" && word.charCodeAt(0) < 58;
}

/** Whether the text holds a script that separates no words. */
export function isUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

/** The text with the decimal digits of every script as 0-9 (Unicode class Nd comes in runs of ten). */
export function asciiDigits(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(OTHER_DIGIT, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    if (code < 0x80) return digit;
    return String(digitValue(code));
  });
}

// Each run of digits starts at a code point that ends in 0 or 6 (Arabic 0660, Persian 06F0, Devanagari 0966, Thai 0E50, fullwidth FF10).
function digitValue(code: number): number {
  const low = code & 0xf;
  return low >= 6 && isDigitRunAtSix(code) ? low - 6 : low;
}

function isDigitRunAtSix(code: number): boolean {
  const start = (code & ~0xf) + 6;
  return /\p{Nd}/u.test(String.fromCodePoint(start)) && !/\p{Nd}/u.test(String.fromCodePoint(start - 1));
}
