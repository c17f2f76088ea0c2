/** From a broker's offer to a release we may show: LedgerOS's signature first, then everything else. */
import { parseOrigin } from "../core/origin";
import type { IssuerPin } from "../keys/pins";
import { factsHash, verifyFacts } from "../protocol/facts";
import type { Facts, Offer } from "../protocol/messages";
import type { Release } from "./release";

// Below this the difference is travel time, not a wrong clock.
const SMALL_OFFSET_MS = 10_000;

/** A fresh release, or null when LedgerOS did not say what the broker says it said. */
export async function accept(offer: Offer, issuer: IssuerPin): Promise<Release | null> {
  try {
    const facts = await verifyFacts(offer.facts, issuer.issuerKey);
    if (facts.brokerId !== issuer.brokerId || !/^\d{4}$/.test(facts.last4)) return null;
    // Exactly one of the two: a token, or an intent whose token comes after the approval.
    if (facts.tokenHash === null ? !facts.intentId : facts.accessEventId === null) return null;
    const clockOffset = offsetOf(facts, offer);
    return {
      id: offer.releaseId,
      state: "looking",
      facts,
      factsHash: await factsHash(offer.facts),
      claimed: offer.claimed,
      pageUrl: offer.pageUrl,
      offeredAt: Date.now(),
      deadline: facts.expiresAt - clockOffset,
      clockOffset,
      target: null,
      choices: [],
      mode: "direct",
      cover: null,
      revision: 0,
      decision: null,
      approved: null,
      outcome: null,
      detail: null,
      fields: [],
      failed: [],
      shown: false,
      rule: null,
      regret: null,
      retries: 0,
      endedAt: null,
    };
  } catch {
    return null;
  }
}

/** LedgerOS's clock less ours: the broker shares our clock, and asked LedgerOS right after it was asked. */
function offsetOf(facts: Facts, offer: Offer): number {
  const offset = facts.issuedAt - offer.requestedAt;
  return Math.abs(offset) < SMALL_OFFSET_MS ? 0 : offset;
}

/** Where to look for the checkout: the page the agent named, or the origin it claimed. */
export function soughtOrigin(release: Release): string | null {
  return (release.pageUrl && parseOrigin(release.pageUrl)) || release.claimed.origin || release.facts.origin;
}
