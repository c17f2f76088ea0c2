/** From verified facts and what the browser sees to the decision that is signed. Pure. */
import { plainText } from "../core/text";
import type { Payment } from "../policy/grants";
import { nonce } from "../protocol/canonical";
import type { Claimed, Decision } from "../protocol/messages";
import { type Attested, type Judged, type Mismatch, mismatches, passkeyReason } from "./mismatch";
import { recipientOf } from "./mode";
import { approvalFirst, type Release, type Target } from "./release";

/** The amount shown large, which is also the most the person agrees to. `upTo`: nobody named an amount, the card's limit stands in. */
export interface Amount {
  value: number;
  upTo: boolean;
}

/** The agent's claims as they are signed. What it attested to LedgerOS counts; only page and purpose come by way of the broker. */
export function claimedOf(release: Release): Claimed {
  const { claimed, facts } = release;
  return {
    origin: claimed.origin ?? facts.origin,
    merchantText: facts.merchantText,
    amount: facts.expectedAmount,
    currency: facts.expectedCurrency,
    purpose: plainText(claimed.purpose) || "No purpose given",
  };
}

export function amountOf(release: Release, target: Target): Amount {
  const { expectedAmount, remaining, maxAmount } = release.facts;
  const named = target.pageAmount ?? expectedAmount;
  return named !== null ? { value: named, upTo: false } : { value: remaining ?? maxAmount ?? 0, upTo: true };
}

/** What differs enough to be red. */
export function mismatchesOf(release: Release, target: Target): Mismatch[] {
  return mismatches(judgedOf(release, target), attestedOf(release, target));
}

/** Why LedgerOS will ask for the person's passkey under this approval, in words; null when it will not. */
export function passkeyNeeded(release: Release, target: Target): string | null {
  return passkeyReason(judgedOf(release, target), attestedOf(release, target));
}

function judgedOf(release: Release, target: Target): Judged {
  const { origin, pageAmount } = target;
  return { claimedOrigin: claimedOf(release).origin, origin, pageAmount, maxAmount: amountOf(release, target).value, mode: release.mode };
}

function attestedOf({ facts }: Release, { origin }: Target): Attested {
  const { approval, stepUpAbove, expectedAmount, amountToleranceBasisPoints } = facts;
  const originLinked = facts.linkedOrigins.includes(origin);
  return { approval, stepUpAbove, expectedAmount, origin: facts.origin, originLinked, toleranceBasisPoints: amountToleranceBasisPoints };
}

/** What a standing rule is asked about: an amount that nobody named is covered by none. */
export function paymentOf(release: Release, target: Target, deviceId: string, now: number): Payment {
  const { facts } = release;
  const amount = amountOf(release, target);
  return {
    deviceId,
    agentId: facts.agentId,
    origin: target.origin,
    amount: amount.upTo ? null : amount.value,
    currency: facts.expectedCurrency,
    mode: release.mode,
    mismatches: mismatchesOf(release, target),
    at: now,
  };
}

// An approval that came first does not stand for as long as its intent does.
const INTENT_APPROVAL_MS = 15 * 60_000;

/** The decision to approve `release` on `target` in its mode, as of `now` (LedgerOS's clock); `ownKeyId` is this browser's sealing key, `grantId` names the rule that decides. */
export function decide(
  release: Release,
  target: Target,
  deviceId: string,
  ownKeyId: string,
  now: number,
  grantId: string | null = null,
): Decision {
  const { facts } = release;
  return {
    version: 1,
    releaseId: release.id,
    tokenHash: facts.tokenHash,
    factsHash: release.factsHash,
    accessEventId: facts.accessEventId,
    intentId: facts.intentId ?? null,
    grantId,
    brokerId: facts.brokerId,
    deviceId,
    agentId: facts.agentId,
    cardId: facts.cardId,
    last4: facts.last4,
    agentName: facts.agentName,
    claimed: claimedOf(release),
    seen: {
      origin: target.origin,
      frameOrigins: target.frameOrigins,
      pageAmount: target.pageAmount,
      firstTimeHere: !facts.linkedOrigins.includes(target.origin),
    },
    mismatches: mismatchesOf(release, target),
    maxAmount: amountOf(release, target).value,
    currency: facts.expectedCurrency,
    mode: release.mode,
    recipientKeyId: recipientOf(release, ownKeyId),
    decidedAt: now,
    expiresAt: approvalFirst(release) ? Math.min(facts.expiresAt, now + INTENT_APPROVAL_MS) : facts.expiresAt,
    nonce: nonce(),
  };
}
