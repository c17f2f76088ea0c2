import type { AgentError } from "./errors.js";
import type { Release } from "./broker.js";
import { OUTCOMES, type Outcome, type Retry } from "./outcomes.js";

/** How a payment stands: never a card number, only its last four digits and which fields were filled. */
export interface Payment {
  /** Null while the form waits for its submit (surrogate mode); `LedgerOS.settled` has the code then. */
  code: Outcome | null;
  /** Whether the checkout is filled, with the card or with stand-ins: submit it now. */
  ready: boolean;
  /** Whether the card itself was filled (direct mode). */
  filled: boolean;
  /** Whether the payment went out with the card (surrogate mode); the page says what the merchant answered. */
  paid: boolean;
  sentence: string;
  nextStep: string;
  fields: string[];
  last4: string | null;
  /** Names the release, and its receipt at LedgerOS (`GET /v1/releases/{id}/receipt`). */
  releaseId: string | null;
  mode: string | null;
  /** Unix milliseconds; asking again is refused until then. */
  retryAt: number | null;
  /** Whether card details may have reached the page or the merchant. */
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

/** The payment of a release whose form waits for its submit. */
export function paymentUnderWay(release: Release): Payment {
  return {
    code: null,
    ready: true,
    filled: false,
    paid: false,
    sentence: release.message ?? "The form holds stand-ins for the card.",
    nextStep: release.nextStep ?? "Submit the form in the page; the real card goes in on the way.",
    fields: release.fields,
    last4: release.last4,
    releaseId: release.id,
    mode: release.mode,
    retryAt: null,
    valueDelivered: false,
    retry: "no",
  };
}

/** A payment that ended on this side of the broker. */
export function payment(code: Outcome, sentence: string | null = null, nextStep: string | null = null, release?: Release): Payment {
  const meaning = OUTCOMES[code];
  return {
    code,
    ready: code === "filled",
    filled: code === "filled",
    paid: code === "submitted" || code === "challenge_required",
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
