/**
 * Card fields in frames of a payment processor: one input a frame, several frames a form.
 *
 * Each frame is asked by itself what it is for; the caller groups the answers and sends every frame only
 * its own value. Which frames may be asked at all is not decided here: the parent must be the approved
 * origin, and the frame's host in the processor registry or approved.
 */

import { planFrame, type Plan, type Shown } from "./plan";
import type { FieldType } from "./rules";
import { brandOf, type FillValues } from "./values";

/** What one allowed frame offers; computed inside the frame. */
export interface FrameOffer {
  readonly frame: string;
  readonly types: readonly FieldType[];
}

/** The types that this frame's visible fields take. */
export function offerOf(document: Document, shown?: Shown): FieldType[] {
  return planFrame(document, shown).map((field) => field.type);
}

/** Which frame gets which types: the number decides where to look, and no type is given to two frames. */
export function groupFrames(offers: readonly FrameOffer[]): Map<string, FieldType[]> {
  const given = new Set<FieldType>();
  const groups = new Map<string, FieldType[]>();
  if (!offers.some((offer) => offer.types.includes("cc-number"))) return groups;
  const ordered = [...offers].sort((one, other) => other.types.length - one.types.length);
  for (const offer of ordered) {
    const own = offer.types.filter((type) => !given.has(type));
    for (const type of own) given.add(type);
    if (own.length > 0) groups.set(offer.frame, own);
  }
  return groups;
}

/** The plan of a frame for the types it was given, and for nothing else it may hold. */
export function planOwn(document: Document, types: readonly FieldType[], shown?: Shown): Plan {
  return planFrame(document, shown).filter((field) => types.includes(field.type));
}

/** What may be sent to a document that takes these types: every other value is empty. */
export function valuesFor(types: readonly FieldType[], values: FillValues): FillValues {
  const takes = (...wanted: FieldType[]): boolean => wanted.some((type) => types.includes(type));
  const expires = takes("cc-exp", "cc-exp-month", "cc-exp-year");
  return {
    number: takes("cc-number") ? values.number : "",
    securityCode: takes("cc-csc") ? values.securityCode : "",
    month: expires ? values.month : 0,
    year: expires ? values.year : 0,
    name: takes("cc-name", "name", "given-name", "family-name") ? values.name : "",
    ...(takes("cc-type") ? { brand: brandOf(values) } : {}),
  };
}

/** What the page around the frames is given besides: the payer's address, and the name that goes with it. */
export function withBilling(own: FillValues, { billing, name }: FillValues): FillValues {
  return billing ? { ...own, name, billing } : own;
}
