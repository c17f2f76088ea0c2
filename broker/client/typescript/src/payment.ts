import type { AgentError } from "./errors.js";
import type { Release } from "./broker.js";
import { OUTCOMES, type Outcome, type Retry } from "./outcomes.js";

/** How a payment ended: never a card number, only its last four digits and which fields were filled. */
export interface Payment {
  code: Outcome;
  /** Whether the checkout is filled: submit it now. */
  filled: boolean;
  sentence: string;
  nextStep: string;
  fields: string[];
  last4: string | null;
  /** Names the release, and its receipt at LedgerOS (`GET /v1/releases/{id}/receipt`). */
  releaseId: string | null;
  mode: string | null;
  /** Unix milliseconds; asking again is refused until then. */
  retryAt: number | null;
  /** Whether card details may have reached the page. */
  valueDelivered: boolean;
  retry: Retry;
}

const REFUSALS: ReadonlySet<string> = new Set([
  "above_limit", "agent_suspended", "card_closed", "card_frozen", "card_not_active", "intent_canceled", "intent_done", "intent_expired",
  "intent_rejected", "user_not_approved",
]);

/** The payment of a release that has an outcome. */
export function paymentOf(release: Release, outcome: Outcome): Payment {
  // While a release waits for another token its next step is to give one: not what a caller of `pay` can do.
  const nextStep = release.status === "finished" ? release.nextStep : null;
  return { ...payment(outcome, release.message, nextStep, release), fields: release.fields, mode: release.mode, retryAt: release.retryAt };
}

/** A payment that ended on this side of the broker. */
export function payment(code: Outcome, sentence: string | null = null, nextStep: string | null = null, release?: Release): Payment {
  const meaning = OUTCOMES[code];
  return {
    code,
    filled: code === "filled",
    sentence: sentence ?? meaning.sentence,
    nextStep: nextStep ?? meaning.nextStep,
    fields: [],
    last4: release?.last4 ?? null,
    releaseId: release?.id ?? null,
    mode: null,
    retryAt: null,
    valueDelivered: meaning.valueDelivered,
    retry: meaning.retry,
  };
}

/** LedgerOS's word that this card, agent or intent may not be used now, as an outcome; null for every other error. */
export function refused(error: AgentError): Payment | null {
  if (!REFUSALS.has(error.code)) return null;
  return payment(error.code === "intent_rejected" ? "denied" : "refused_by_issuer", error.sentence, error.nextStep);
}
