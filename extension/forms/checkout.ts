/**
 * What runs inside a checkout page, in the extension's isolated world: look, remember, and fill exactly what was shown.
 * The plan stays in this world's memory under a nonce; the page's own script cannot reach it.
 */
import { readAmount } from "./amount";
import { type FieldResult as Kept, type Filling, startFill } from "./engine/fill";
import { type Plan, planDocument } from "./engine/plan";
import type { Control } from "./engine/read";
import { isCovered } from "./engine/covering";
import { moved, type Place, placeOf } from "./engine/place";
import { type FieldKind, kindOf } from "./fields";
import type { CardValues } from "./values";
import { visible } from "./visibility";

/** What became of one kind of field; never a value. */
export interface FieldResult {
  kind: FieldKind;
  kept: boolean;
}

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
  places: Place[];
  pageAmount: number | null;
  currency: string;
}

export interface Checkout {
  look(nonce: string, currency: string): Look;
  unchanged(nonce: string): boolean;
  /** Writes in the task that checked; ask {@link Checkout.settle} next what holds in the end. */
  fill(nonce: string, origin: string, card: CardValues): FillAnswer;
  settle(nonce: string): Promise<FieldResult[] | null>;
}

const looks = new Map<string, Remembered>();
const fillings = new Map<string, Filling>();

const controlsOf = (plan: Plan): Control[] => plan.flatMap(({ controls }) => [...controls]);

/** What of a field must be the same at the moment of writing. */
function mark({ element }: Control): string {
  return [element.tagName, element.type, element.name, element.id, element.getAttribute("autocomplete"), element.form?.action ?? ""].join("\n");
}

function change(remembered: Remembered): string | null {
  const controls = controlsOf(remembered.plan);
  for (const [index, control] of controls.entries()) {
    const { element } = control;
    if (!element.isConnected || element.ownerDocument !== remembered.documents[index] || !element.ownerDocument.defaultView) return "a field is gone";
    if (element.disabled || mark(control) !== remembered.marks[index]) return "a field is another one";
    if (!visible(element)) return "a field is hidden";
    if (isCovered(element) && !remembered.covered[index]) return "a field is covered";
  }
  if (moved(remembered.places, controls.map(({ element }) => placeOf(element)))) return "a field has moved";
  const now = readAmount(document, remembered.currency);
  return now !== null && remembered.pageAmount !== null && now !== remembered.pageAmount ? "the amount is another one" : null;
}

function named(results: readonly Kept[]): FieldResult[] {
  const kinds = new Map<FieldKind, boolean>();
  for (const { type, kept } of results) kinds.set(kindOf(type), (kinds.get(kindOf(type)) ?? true) && kept);
  return [...kinds].map(([kind, kept]) => ({ kind, kept }));
}

export const checkout: Checkout = {
  look(nonce, currency) {
    const plan = planDocument(document);
    const controls = controlsOf(plan);
    const pageAmount = readAmount(document, currency);
    looks.set(nonce, {
      plan,
      documents: controls.map(({ element }) => element.ownerDocument),
      marks: controls.map(mark),
      covered: controls.map(({ element }) => isCovered(element)),
      places: controls.map(({ element }) => placeOf(element)),
      pageAmount,
      currency,
    });
    const kinds = plan.filter(({ part }) => part === "card").map(({ type }) => kindOf(type));
    return { origin: location.origin, fields: [...new Set(kinds)], pageAmount };
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
    const filling = startFill(remembered.plan, card);
    fillings.set(nonce, filling);
    return { written: true, fields: named(filling.results()) };
  },

  async settle(nonce) {
    const filling = fillings.get(nonce);
    fillings.delete(nonce);
    const origin = location.origin;
    return filling ? named(await filling.finish(() => location.origin === origin)) : null;
  },
};
