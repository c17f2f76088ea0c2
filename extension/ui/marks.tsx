/** Meanings as icon and word: never colour alone. */
import type { Outcome } from "../protocol/messages";
import { OUTCOMES } from "../protocol/messages";
import type { Meaning } from "../release/meaning";

const ICONS: Record<Meaning | "over", string> = { done: "✓", look: "!", bad: "✕", open: "·", over: "–" };

export function Mark({ meaning, word }: { meaning: Meaning | "over"; word: string }) {
  return (
    <span class={`mark ${meaning}`}>
      {word} <span aria-hidden="true">{ICONS[meaning]}</span>
    </span>
  );
}

const SHORT: Partial<Record<Outcome, string>> = {
  filled: "Filled",
  submitted: "Payment sent",
  challenge_required: "Confirm at the bank",
  blocked_by_merchant: "Refused by the shop",
  may_have_been_charged: "May have been charged",
  swap_not_seen: "Not paid",
  egress_unavailable: "Egress not running",
  denied: "Denied",
  expired: "Expired",
  no_form: "No card form",
  no_tab: "No such tab",
  tab_closed: "Tab closed",
  field_rejected: "Partly filled",
  passkey_required: "Needs a passkey",
  withdrawn: "Taken back",
  page_changed: "Page changed",
  origin_changed: "Site changed",
  refused_by_rule: "Refused by a rule",
};

export function outcomeWord(outcome: Outcome): string {
  return SHORT[outcome] ?? (outcome[0]?.toUpperCase() ?? "") + outcome.slice(1).replaceAll("_", " ");
}

/** What an outcome means, in one sentence. Unknown ones (of a newer broker) are shown by name. */
export function outcomeSentence(outcome: Outcome): string {
  return OUTCOMES[outcome]?.sentence ?? outcomeWord(outcome);
}

const FIELDS: Record<string, string> = {
  number: "number",
  expiry: "expiry",
  expiryMonth: "expiry month",
  expiryYear: "expiry year",
  securityCode: "security code",
  name: "name",
};

export function fieldNames(kinds: string[]): string {
  return kinds.map((kind) => FIELDS[kind] ?? kind).join(", ");
}
