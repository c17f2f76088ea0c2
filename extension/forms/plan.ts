/** Which fields would be filled: at most one of each kind, all in the document that holds the card number. */
import type { FieldKind } from "./fields";
import type { Candidate, FieldElement } from "./scan";

export interface Planned {
  kind: FieldKind;
  node: FieldElement;
}

export type Plan = Planned[];

const KINDS: FieldKind[] = ["number", "name", "expiry", "expiryMonth", "expiryYear", "securityCode"];

/** The plan for `candidates`; empty when there is no field for a card number. */
export function plan(candidates: Candidate[]): Plan {
  const number = candidates.find(({ kind }) => kind === "number");
  if (!number) return [];
  const near = candidates.filter(({ node }) => node.ownerDocument === number.node.ownerDocument && (!number.node.form || !node.form || node.form === number.node.form));
  const chosen = KINDS.flatMap((kind) => near.find((candidate) => candidate.kind === kind) ?? []);
  const split = chosen.some(({ kind }) => kind === "expiryMonth") && chosen.some(({ kind }) => kind === "expiryYear");
  return chosen.filter(({ kind }) => (split ? kind !== "expiry" : true));
}
