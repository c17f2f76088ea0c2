/** Claimed beside seen: the rules of design.md, step 5. Pure; the same in Python (tests/conformance). */
import { tolerance } from "../core/money";
import type { Reason } from "../policy/grants";
import type { Facts } from "../protocol/messages";

export type Mismatch = "origin" | "amount";

/** What the rules look at. Amounts are minor units of the same currency; null means unknown. */
export interface Compared {
  claimedOrigin: string | null;
  observedOrigin: string;
  expected: number | null;
  pageAmount: number | null;
  basisPoints: number;
}

/** Whether the page's amount lies further from the expected one than the tolerance, on either side. */
export function amountDiffers(pageAmount: number, expected: number, basisPoints: number): boolean {
  return Math.abs(pageAmount - expected) > tolerance(expected, basisPoints);
}

/** What differs enough to be red. */
export function mismatches(compared: Compared): Mismatch[] {
  const { claimedOrigin, observedOrigin, expected, pageAmount, basisPoints } = compared;
  const found: Mismatch[] = [];
  if (claimedOrigin !== null && claimedOrigin !== observedOrigin) found.push("origin");
  if (expected !== null && pageAmount !== null && amountDiffers(pageAmount, expected, basisPoints)) found.push("amount");
  return found;
}

/** Whether this approval needs the person's passkey, by the organisation's setting in the signed facts. */
export function needsPasskey(
  facts: Pick<Facts, "approval" | "stepUpAbove" | "linkedOrigins">,
  approval: { maxAmount: number; origin: string; mismatches: Mismatch[]; mode: "direct" | "surrogate"; reason: Reason },
): boolean {
  if (facts.approval !== "step-up") return facts.approval === "passkey";
  return (
    approval.maxAmount > facts.stepUpAbove ||
    !facts.linkedOrigins.includes(approval.origin) ||
    approval.mismatches.length > 0 ||
    approval.reason === "subscription" ||
    approval.mode === "direct"
  );
}
