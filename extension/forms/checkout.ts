/**
 * What runs inside a checkout page, in the extension's isolated world: look, remember, and fill exactly what was shown.
 * The plan stays in this world's memory under a nonce; the page's own script cannot reach it.
 */
import { readAmount } from "./amount";
import type { FieldKind } from "./fields";
import { type FieldResult, fill } from "./fill";
import { type Plan, plan } from "./plan";
import { scan } from "./scan";
import type { CardValues } from "./values";
import { covered, visible } from "./visibility";

export interface Look {
  origin: string;
  fields: FieldKind[];
  pageAmount: number | null;
}

export type FillAnswer =
  | { written: false; reason: "origin_changed" | "page_changed"; detail: string }
  | { written: true; fields: FieldResult[] };

interface Remembered {
  plan: Plan;
  documents: Document[];
  marks: string[];
  covered: boolean[];
  pageAmount: number | null;
  currency: string;
}

export interface Checkout {
  look(nonce: string, currency: string): Look;
  unchanged(nonce: string): boolean;
  fill(nonce: string, origin: string, card: CardValues): FillAnswer;
}

const looks = new Map<string, Remembered>();

/** What of a field must be the same at the moment of writing. */
function mark({ node }: Plan[number]): string {
  return [node.tagName, node.type, node.name, node.id, node.autocomplete, node.form?.action ?? ""].join("\n");
}

function change(remembered: Remembered): string | null {
  for (const [index, field] of remembered.plan.entries()) {
    const { node } = field;
    if (!node.isConnected || node.ownerDocument !== remembered.documents[index] || !node.ownerDocument.defaultView) return "a field is gone";
    if (node.disabled || mark(field) !== remembered.marks[index]) return "a field is another one";
    if (!visible(node)) return "a field is hidden";
    if (covered(node) && !remembered.covered[index]) return "a field is covered";
  }
  const now = readAmount(document, remembered.currency);
  return now !== null && remembered.pageAmount !== null && now !== remembered.pageAmount ? "the amount is another one" : null;
}

export const checkout: Checkout = {
  look(nonce, currency) {
    const fields = plan(scan(document));
    const pageAmount = readAmount(document, currency);
    looks.set(nonce, {
      plan: fields,
      documents: fields.map(({ node }) => node.ownerDocument),
      marks: fields.map(mark),
      covered: fields.map(({ node }) => covered(node)),
      pageAmount,
      currency,
    });
    return { origin: location.origin, fields: fields.map(({ kind }) => kind), pageAmount };
  },

  unchanged(nonce) {
    const remembered = looks.get(nonce);
    return remembered !== undefined && change(remembered) === null;
  },

  fill(nonce, origin, card) {
    if (location.origin !== origin) return { written: false, reason: "origin_changed", detail: "the page is of another origin" };
    const remembered = looks.get(nonce);
    looks.delete(nonce);
    const changed = remembered ? change(remembered) : "the page was not looked at";
    if (!remembered || changed !== null) return { written: false, reason: "page_changed", detail: changed ?? "" };
    return { written: true, fields: fill(remembered.plan, card) };
  },
};
