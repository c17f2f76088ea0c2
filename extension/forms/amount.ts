/** What the page says is to be paid: a small, honest reader that answers null when it is not sure. */
import { exponent, SYMBOLS } from "../core/money";
import { documentsOf } from "./engine/roots";
import { type Visibility, visible } from "./visibility";

// Strongest first; a subtotal is not a total.
const LABELS = [
  /grand total|order total|amount due|total due|total to pay|you pay|to pay\b|^pay\b|pay now|gesamtbetrag|gesamtsumme|zu zahlen|rechnungsbetrag|total à payer|montant total|importe total|total a pagar|totale ordine|te betalen|合計|总计/i,
  /\btotal\b|gesamt|summe|totale|totaal|\bmontant\b|\bimporte\b/i,
];
const NOT_TOTAL = /sub-?\s?total|zwischensumme|sous-total|subtotale|before|saving|discount|points|items?\b.*\btotal items/i;
// Most texts name no total: one question instead of one a label.
const ANY_LABEL = new RegExp(LABELS.map(({ source }) => source).join("|"), "i");
const LONGEST_LABEL = 80;
const LONGEST_ROW = 160;
const CLIMB = 4;

const DOLLARS = new Set(["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"]);

function signs(currency: string): string[] {
  const own = [currency, SYMBOLS[currency] ?? ""].filter((sign) => sign !== "");
  return DOLLARS.has(currency) ? [...own, "$", `${currency.slice(0, 2)}$`, `${currency.slice(0, 1)}$`] : own;
}

/** Every amount of `currency` in `text`, in minor units; amounts of other currencies and bare numbers do not count. */
export function amountsIn(text: string, currency: string): number[] {
  const number = String.raw`(\d(?:[\d.,'’\u00a0\u202f ]*\d)?)`;
  const sign = `(${[...new Set(signs(currency))].map((part) => part.replace(/[$.]/g, String.raw`\$&`)).sort((a, b) => b.length - a.length).join("|")})`;
  const pattern = new RegExp(String.raw`(?<![A-Za-z$])${sign}\s?${number}|${number}\s?${sign}(?![A-Za-z])`, "g");
  return [...text.matchAll(pattern)].flatMap((match) => minorUnits(match[2] ?? match[3] ?? "", exponent(currency)) ?? []);
}

function minorUnits(text: string, digits: number): number | null {
  const compact = text.replace(/['’\s]/g, "");
  const decimal = digits > 0 ? new RegExp(String.raw`^(.*)[.,](\d{${digits}})$`).exec(compact) : null;
  const whole = decimal?.[1] ?? compact;
  if (!/^\d{1,3}([.,]\d{3})*$|^\d+$/.test(whole)) return null;
  const value = Number(whole.replace(/[.,]/g, "") + (decimal?.[2] ?? "0".repeat(digits)));
  return value <= 9_999_999_999 ? value : null;
}

/** The amount the page names as its total in `currency`, or null when none is named or several differ. */
export function readAmount(document: Document, currency: string, isVisible: Visibility = visible): number | null {
  const found = documentsOf(document).flatMap((part) => totals(part, currency, isVisible));
  for (const strength of LABELS.keys()) {
    const amounts = new Set(found.filter((total) => total.strength === strength).map((total) => total.amount));
    if (amounts.size > 0) return amounts.size === 1 ? ([...amounts][0] ?? null) : null;
  }
  return null;
}

function totals(document: Document, currency: string, isVisible: Visibility): { strength: number; amount: number }[] {
  if (!document.body) return [];
  const walker = document.createTreeWalker(document.body, 4 /* NodeFilter.SHOW_TEXT */);
  const found: { strength: number; amount: number }[] = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent?.trim() ?? "";
    const strength = text === "" || text.length > LONGEST_LABEL || !ANY_LABEL.test(text) || NOT_TOTAL.test(text) ? -1 : LABELS.findIndex((label) => label.test(text));
    const parent = walker.currentNode.parentElement;
    if (strength < 0 || !parent || /^(script|style|option|noscript)$/i.test(parent.tagName) || !isVisible(parent)) continue;
    const amount = beside(parent, currency);
    if (amount !== null) found.push({ strength, amount });
  }
  return found;
}

/** The one amount in the smallest element around a label that holds any. */
function beside(label: Element, currency: string): number | null {
  let at: Element | null = label;
  for (let step = 0; at && step < CLIMB; step += 1, at = at.parentElement) {
    if ((at.textContent ?? "").length > LONGEST_ROW) return null;
    const text = wordsOf(at).join(" ");
    const amounts = new Set(amountsIn(text, currency));
    if (amounts.size > 0) return amounts.size === 1 ? ([...amounts][0] ?? null) : null;
  }
  return null;
}

/** The texts of an element apart: two cells side by side are two words, though `textContent` runs them together. */
function wordsOf(element: Element): string[] {
  return [...element.childNodes].flatMap((node) => (node.nodeType === 3 /* TEXT_NODE */ ? (node.textContent ?? "") : node.nodeType === 1 ? wordsOf(node as Element) : []));
}
