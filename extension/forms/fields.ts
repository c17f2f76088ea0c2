/** The kinds of fields by the names that releases and their outcomes use. */
import type { FieldType } from "./engine/rules";

export type FieldKind = "number" | "expiry" | "expiryMonth" | "expiryYear" | "securityCode" | "name" | "cardType" | "billing";

const KINDS: Partial<Record<FieldType, FieldKind>> = {
  "cc-number": "number",
  "cc-exp": "expiry",
  "cc-exp-month": "expiryMonth",
  "cc-exp-year": "expiryYear",
  "cc-csc": "securityCode",
  "cc-name": "name",
  "cc-type": "cardType",
  name: "name",
  "given-name": "name",
  "family-name": "name",
};

/** The kind of a type of field; whatever is no part of a card is billing. */
export function kindOf(type: FieldType): FieldKind {
  return KINDS[type] ?? "billing";
}
