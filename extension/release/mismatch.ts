/** Claimed beside seen (design.md, step 5), and which proof an approval needs. Pure. Twin of broker/issuer/redeem/approval.py. */
import { tolerance } from "../core/money";
import type { Decision, Facts } from "../protocol/messages";

export type Mismatch = Decision["mismatches"][number];

/** One payment as it would be approved. Amounts are minor units of one currency; null means unknown. */
export interface Judged {
  /** What the agent told the broker. */
  claimedOrigin: string | null;
  /** What the browser sees. */
  origin: string;
  pageAmount: number | null;
  /** The most that the person would agree to. */
  maxAmount: number;
  mode: Decision["mode"];
}

/** What LedgerOS knows by itself. */
export interface Attested {
  approval: Facts["approval"];
  stepUpAbove: number;
  expectedAmount: number | null;
  /** What the agent told LedgerOS. */
  origin: string | null;
  /** A person approved these merchant's words at this origin before. */
  originLinked: boolean;
  toleranceBasisPoints: number;
}

/** What differs enough to be red: both claims of an origin count, and an amount on either side of the tolerance. */
export function mismatches(judged: Judged, attested: Attested): Mismatch[] {
  const { pageAmount } = judged;
  const { expectedAmount } = attested;
  const found: Mismatch[] = [];
  if ([judged.claimedOrigin, attested.origin].some((claimed) => claimed !== null && claimed !== judged.origin)) found.push("origin");
  if (expectedAmount !== null && pageAmount !== null && Math.abs(pageAmount - expectedAmount) > allowed(attested, expectedAmount)) found.push("amount");
  return found;
}

/** Why this approval needs the person's passkey, in words, or null when a click is enough. Only `click` and `step-up` ever let one be. */
export function passkeyReason(judged: Judged, attested: Attested): string | null {
  const beyond = beyondReason(judged, attested);
  if (beyond !== null) return beyond;
  if (mismatches(judged, attested).length > 0) return "what was claimed differs from what the browser sees";
  if (attested.approval === "click") return null;
  return attested.approval === "step-up" ? stepUpReason(judged, attested) : "the organisation asks for it every time";
}

/** What goes beyond what the token is bound to. */
function beyondReason({ maxAmount, origin }: Judged, attested: Attested): string | null {
  const { expectedAmount } = attested;
  if (expectedAmount !== null && maxAmount > expectedAmount + allowed(attested, expectedAmount)) return "the amount is above what was asked for";
  return attested.origin !== null && attested.origin !== origin ? "the page is not where the agent meant to pay" : null;
}

function stepUpReason({ maxAmount, mode }: Judged, { stepUpAbove, originLinked }: Attested): string | null {
  if (maxAmount > stepUpAbove) return "the amount is above the step-up threshold";
  if (!originLinked) return "it is the first time at this merchant";
  return mode === "direct" ? "the page will see the number" : null;
}

function allowed({ toleranceBasisPoints }: Attested, expected: number): number {
  return tolerance(expected, toleranceBasisPoints);
}
