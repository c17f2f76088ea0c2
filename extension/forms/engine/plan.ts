/**
 * Which controls a release fills: one visible card form, each value once.
 */

import { classify, fieldType, type Reading } from "./classify";
import { findBrandRadios } from "./radios";
import type { Control } from "./read";
import { rootsOf } from "./roots";
import type { FieldType } from "./rules";
import type { Scored } from "./score";
import { hiddenReason } from "./visibility";

/** One value and where it goes: one control, the boxes of a number, or the radio buttons of a card type. */
export interface PlannedField {
  readonly type: FieldType;
  readonly controls: readonly Control[];
  readonly radios?: readonly HTMLInputElement[];
  /** Billing fields are filled only when the release carries billing. */
  readonly part: "card" | "billing";
}

export type Plan = readonly PlannedField[];

/** Whether an element may be filled as it stands; tests without a layout replace it. */
export type Shown = (element: Element) => boolean;

const isShown: Shown = (element) => hiddenReason(element) === null;
const CARD: ReadonlySet<FieldType> = new Set<FieldType>(["cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "cc-type"]);
const ADDRESS: ReadonlySet<FieldType> = new Set<FieldType>([
  "name", "given-name", "family-name", "address-line1", "address-line2", "address-level2", "address-level1", "postal-code", "country", "tel", "email",
]);

/** The plan for a document with its shadow roots and same-origin frames; empty when no card number can be written. */
export function planDocument(document: Document, shown: Shown = isShown): Plan {
  const all = rootsOf(document).flatMap((root) => classify(root).filter((scored) => fieldType(scored) !== null));
  // Asking whether a control is seen costs more than reading it: where there is no number, nobody asks.
  if (!all.some(({ type }) => type === "cc-number")) return [];
  const fillable = ({ control }: Scored): boolean => isWritable(control) && shown(control.element);
  const block = bestBlock(blocksOf(all.filter((scored) => isCard(scored) && fillable(scored))));
  return block ? fieldsOf(block, all.filter((scored) => isBilling(scored) && isBeside(scored, block) && fillable(scored)), document) : [];
}

/** The plan for one frame that the caller knows to hold hosted card fields, with its shadow roots and same-origin frames. */
export function planFrame(document: Document, shown: Shown = isShown): Plan {
  const reading: Reading = "card frame";
  const all = rootsOf(document).flatMap((root) => classify(root, reading)).filter(isCard);
  return oneOfEach(all.filter((scored) => isWritable(scored.control) && shown(scored.control.element)), "card");
}

/** Whether a control takes what is written into it. */
export function isWritable({ element }: Control): boolean {
  return !element.disabled && !(element as HTMLInputElement).readOnly;
}

function isCard(scored: Scored): boolean {
  const type = fieldType(scored);
  return type !== null && CARD.has(type);
}

// One block is the card fields of one form around one number.
function blocksOf(all: readonly Scored[]): Scored[][] {
  const blocks: Scored[][] = [];
  let block: Scored[] = [];
  for (const scored of all) {
    const last = block.at(-1);
    const apart = last && (last.control.form !== scored.control.form || last.control.element.getRootNode() !== scored.control.element.getRootNode());
    if (apart || startsAgain(block, scored)) {
      blocks.push(block);
      block = [];
    }
    block.push(scored);
  }
  if (block.length > 0) blocks.push(block);
  return blocks;
}

function startsAgain(block: readonly Scored[], scored: Scored): boolean {
  const last = block.at(-1);
  const boxes = scored.type === "cc-number" && last?.type === "cc-number" && scored.control.maxLength > 0 && scored.control.maxLength <= 6;
  return !boxes && block.some((other) => other.type === scored.type);
}

function bestBlock(blocks: readonly Scored[][]): Scored[] | null {
  let best: Scored[] | null = null;
  for (const block of blocks) {
    if (!block.some((scored) => scored.type === "cc-number")) continue;
    if (!best || kindsIn(block) > kindsIn(best)) best = block;
  }
  return best;
}

function kindsIn(block: readonly Scored[]): number {
  return new Set(block.map((scored) => scored.type)).size;
}

// In the same form, of the same document or shadow root.
function isBeside({ control }: Scored, block: readonly Scored[]): boolean {
  const first = block[0]?.control;
  return first !== undefined && control.form === first.form && control.element.getRootNode() === first.element.getRootNode();
}

function fieldsOf(block: readonly Scored[], payer: readonly Scored[], document: Document): Plan {
  const fields = oneOfEach(block, "card");
  const form = block[0]?.control.form ?? null;
  const taken = new Set(fields.map((field) => field.type));
  const billing = oneOfEach(payer, "billing").map((field) => (isHolder(field, block, taken) ? { ...field, part: "card" as const } : field));
  const radios = taken.has("cc-type") ? [] : findBrandRadios(form ?? document);
  const types: PlannedField[] = radios.length > 0 ? [{ type: "cc-type", controls: [], radios, part: "card" }] : [];
  return [...fields, ...types, ...billing];
}

const NAMES: ReadonlySet<FieldType> = new Set<FieldType>(["name", "given-name", "family-name"]);
const NEAR = 3;

// A holder asked by first and last name beside the card's own fields.
function isHolder({ type, controls }: PlannedField, block: readonly Scored[], taken: ReadonlySet<FieldType>): boolean {
  const own = controls[0];
  if (!own || !NAMES.has(type) || taken.has("cc-name")) return false;
  return own.autocomplete.some((token) => token.startsWith("cc-")) || block.some(({ control }) => Math.abs(control.index - own.index) <= NEAR);
}

/** A field of the payer's address: where it is sent is not who pays. */
export function isBilling({ type, control }: Scored): boolean {
  if (!type || !ADDRESS.has(type as FieldType) || control.autocomplete.includes("shipping")) return false;
  return !control.texts.some((text) => /\b(?:shipping|delivery|ship|lieferung|liefer|livraison|envio|entrega|spedizione|consegna|bezorg)\b/.test(text.words));
}

/** Each type once, the boxes of a number together. */
export function oneOfEach(block: readonly Scored[], part: PlannedField["part"]): PlannedField[] {
  const fields = new Map<FieldType, Control[]>();
  for (const scored of block) {
    const type = fieldType(scored);
    if (!type) continue;
    const before = fields.get(type);
    if (!before) fields.set(type, [scored.control]);
    else if (type === "cc-number" && isPart(scored.control) && before.every(isPart)) before.push(scored.control);
  }
  // A month and a year of their own make the whole expiry beside them a trap or a double.
  if (fields.has("cc-exp-month") && fields.has("cc-exp-year")) fields.delete("cc-exp");
  return [...fields].map(([type, controls]) => ({ type, controls, part }));
}

function isPart({ maxLength }: Control): boolean {
  return maxLength > 0 && maxLength <= 6;
}
