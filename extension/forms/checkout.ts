/**
 * What runs inside a checkout page and its frames, in the extension's isolated world: look, remember, and fill exactly what was
 * shown. The plan stays in this world's memory under a nonce; the page's own script cannot reach it.
 */
import { readAmount } from "./amount";
import { type FieldResult as Kept, type Filling, startFill } from "./engine/fill";
import { planBeside } from "./engine/beside";
import { planOwn } from "./engine/frames";
import { type Plan, planDocument } from "./engine/plan";
import type { FieldType } from "./engine/rules";
import { watchControls } from "./engine/watch";
import { type FieldKind, kindOf } from "./fields";
import { areUncovered, type FrameLook, framesAt, isShown, lookAtFrame, type Spot } from "./hosted";
import { changeSince, type Remembered, remember } from "./remembered";
import type { CardValues } from "./values";

/** What became of one kind of field; never a value. */
export interface FieldResult {
  kind: FieldKind;
  kept: boolean;
}

/** What a document takes itself. */
export interface Own {
  /** Types of the card's own fields; billing is not among them. */
  types: FieldType[];
  /** It asks for the payer's address. */
  billing: boolean;
}

export interface Look extends Own {
  pageAmount: number | null;
}

export type FillAnswer =
  | { written: false; reason: "origin_changed" | "page_changed"; detail: string }
  | { written: true; fields: FieldResult[] };

/** All but `wait` answer at once. A nonce names one look, whose plan is filled once. */
export interface Checkout {
  look(nonce: string, currency: string): Look;
  /** In a frame of another site: what it offers; then {@link Checkout.take} remembers the fields that it was given. */
  lookAtFrame(): FrameLook;
  take(nonce: string, types: FieldType[]): boolean;
  /**
   * In the top document: which of these frames a person can see; then {@link Checkout.hold} remembers how they stand, and
   * answers what the document itself takes beside the types that they are given; null when one of them is hidden.
   */
  shown(spots: Spot[]): boolean[];
  hold(nonce: string, spots: Spot[], given: FieldType[]): Own | null;
  unchanged(nonce: string, origin: string): boolean;
  /** {@link Checkout.unchanged}, and nothing lies over the frames that take part: out of view it is not known, so they are brought there. */
  ready(nonce: string, origin: string): boolean;
  /** Writes in the task that checked; ask {@link Checkout.settle} next what holds in the end. */
  fill(nonce: string, origin: string, card: CardValues): FillAnswer;
  settle(nonce: string): Promise<FieldResult[] | null>;
  /** Resolves when fields came or went, or after `limit` milliseconds, or when somebody waits anew. */
  wait(limit: number): Promise<void>;
}

const looks = new Map<string, Remembered>();
const fillings = new Map<string, Filling>();
let stopWaiting = () => {};

function named(results: readonly Kept[]): FieldResult[] {
  const kinds = new Map<FieldKind, boolean>();
  for (const { type, kept } of results) kinds.set(kindOf(type), (kinds.get(kindOf(type)) ?? true) && kept);
  return [...kinds].map(([kind, kept]) => ({ kind, kept }));
}

function ownOf(plan: Plan): Own {
  return { types: plan.filter(({ part }) => part === "card").map(({ type }) => type), billing: plan.some(({ part }) => part === "billing") };
}

export const checkout: Checkout = {
  look(nonce, currency) {
    const plan = planDocument(document);
    const pageAmount = readAmount(document, currency);
    looks.set(nonce, remember(plan, [], pageAmount, currency));
    return { ...ownOf(plan), pageAmount };
  },

  lookAtFrame,

  take(nonce, types) {
    const plan = planOwn(document, types);
    looks.set(nonce, remember(plan, [], null, null));
    return types.every((type) => plan.some((field) => field.type === type));
  },

  shown: (spots) => spots.map(isShown),

  hold(nonce, spots, given) {
    const looked = looks.get(nonce);
    if (!looked || !spots.every(isShown)) return null;
    const frames = spots.flatMap(framesAt);
    const plan = looked.plan.length > 0 ? looked.plan : planBeside(document, frames.map(({ element }) => element), given);
    looks.set(nonce, remember(plan, frames, looked.pageAmount, looked.currency));
    return ownOf(plan);
  },

  unchanged(nonce, origin) {
    const remembered = looks.get(nonce);
    return globalThis.origin === origin && remembered !== undefined && typeof changeSince(remembered) !== "string";
  },

  ready(nonce, origin) {
    const remembered = looks.get(nonce);
    return this.unchanged(nonce, origin) && remembered !== undefined && areUncovered(remembered.frames);
  },

  fill(nonce, origin, card) {
    // Not the address: a sandboxed document has an address and no origin.
    if (globalThis.origin !== origin) return { written: false, reason: "origin_changed", detail: "the page is of another origin" };
    const remembered = looks.get(nonce);
    looks.delete(nonce);
    if (!remembered) return { written: false, reason: "page_changed", detail: "the page was not looked at" };
    const found = changeSince(remembered);
    if (typeof found === "string") return { written: false, reason: "page_changed", detail: found };
    const filling = startFill(remembered.plan, card, undefined, found);
    fillings.set(nonce, filling);
    return { written: true, fields: named(filling.results()) };
  },

  async settle(nonce) {
    const filling = fillings.get(nonce);
    fillings.delete(nonce);
    const origin = globalThis.origin;
    return filling ? named(await filling.finish(() => globalThis.origin === origin)) : null;
  },

  wait(limit) {
    stopWaiting();
    return new Promise((resolve) => {
      const finish = () => {
        stop();
        clearTimeout(timer);
        resolve();
      };
      const stop = watchControls(document, finish);
      const timer = setTimeout(finish, limit);
      stopWaiting = finish;
    });
  },
};
