/** A card's values in the form each field wants them. */
import type { FieldKind } from "./fields";
import { type FieldElement, isInput } from "./scan";

export interface CardValues {
  number: string;
  securityCode: string;
  month: number;
  year: number;
  name: string;
}

/** What to write into `node`, or null when a select has no such option. */
export function valueFor(kind: FieldKind, node: FieldElement, card: CardValues): string | null {
  return isInput(node) ? text(kind, node, card) : option(kind, node, card);
}

const twoDigits = (value: number) => String(value % 100).padStart(2, "0");

function text(kind: FieldKind, node: HTMLInputElement, card: CardValues): string {
  switch (kind) {
    case "number":
      return card.number;
    case "securityCode":
      return card.securityCode;
    case "name":
      return card.name;
    case "expiryMonth":
      return twoDigits(card.month);
    case "expiryYear":
      return wantsLongYear(node, 4) ? String(card.year) : twoDigits(card.year);
    case "expiry":
      return expiry(node, card);
  }
}

function expiry(node: HTMLInputElement, card: CardValues): string {
  if (node.type === "month") return `${card.year}-${twoDigits(card.month)}`;
  const hint = `${node.placeholder} ${node.pattern} ${node.title}`;
  const separator = /[my]{2}\s*(\/|-|\.)\s*[yja]{2}/i.exec(hint)?.[1] ?? (node.maxLength === 4 || node.maxLength === 6 ? "" : "/");
  const spaced = /mm\s+[/-]\s+[yja]{2}/i.test(hint) ? ` ${separator} ` : separator;
  const year = wantsLongYear(node, 6) ? String(card.year) : twoDigits(card.year);
  return `${twoDigits(card.month)}${spaced}${year}`;
}

/** `shortest` is the length of the field's value with four digits of year and no separator. */
function wantsLongYear(node: HTMLInputElement, shortest: number): boolean {
  const hint = `${node.placeholder} ${node.title}`;
  if (/y{4}|j{4}|a{4}|20\d\d/i.test(hint)) return true;
  if (/y{2}|j{2}|a{2}/i.test(hint)) return false;
  if (/\\d\{4\}|\[0-9\]\{4\}|20/.test(node.pattern)) return true;
  return node.maxLength >= shortest && node.maxLength !== 5;
}

function option(kind: FieldKind, node: HTMLSelectElement, card: CardValues): string | null {
  const wanted = choices(kind, card);
  const options = [...node.options].filter((candidate) => !candidate.disabled);
  for (const want of wanted) {
    const found = options.find(({ value, text }) => same(value, want) || same(text, want));
    if (found) return found.value;
  }
  // "03 - March": the number leads.
  const leading = options.find(({ text: shown }) => wanted.some((want) => /^\d+$/.test(want) && new RegExp(`^0?${Number(want)}\\b`).test(shown.trim())));
  return leading?.value ?? null;
}

function same(left: string, right: string): boolean {
  return left.trim().toLowerCase() === right.toLowerCase();
}

function choices(kind: FieldKind, { month, year }: CardValues): string[] {
  const short = twoDigits(year);
  if (kind === "expiryYear") return [String(year), short];
  if (kind === "expiry") return ["/", " / ", "-", ""].flatMap((cut) => [`${twoDigits(month)}${cut}${short}`, `${twoDigits(month)}${cut}${year}`]);
  const names = ["long", "short"].map((style) => new Intl.DateTimeFormat("en", { month: style as "long", timeZone: "UTC" }).format(Date.UTC(2000, month - 1)));
  return kind === "expiryMonth" ? [twoDigits(month), String(month), ...names] : [];
}
