/** How the same purchase may be tried again. */
export type Retry = "no" | "new request" | "same decision";

/** What an outcome tells people and agents. `valueDelivered`: card details may have reached the page or the merchant. */
export interface Meaning {
  sentence: string;
  nextStep: string;
  valueDelivered: boolean;
  retry: Retry;
}

/** Every way a release can end, in the words of the broker: a test holds this table to its own. */
export const OUTCOMES = {
  filled: {
    sentence: "The checkout form was filled.",
    nextStep: "Submit the form in the page.",
    valueDelivered: true,
    retry: "no",
  },
  submitted: {
    sentence: "The payment request went out with the real card; the page never held it.",
    nextStep: "Read the page for the merchant's answer.",
    valueDelivered: true,
    retry: "no",
  },
  challenge_required: {
    sentence: "The payment was sent and the bank asks the person to confirm it.",
    nextStep: "Leave the page open and let the person answer; do not pay again.",
    valueDelivered: true,
    retry: "no",
  },
  blocked_by_merchant: {
    sentence: "The merchant refused the payment request before it reached the card network.",
    nextStep: "Look at the page; a person can pay in direct mode.",
    valueDelivered: true,
    retry: "new request",
  },
  may_have_been_charged: {
    sentence: "The payment was sent and how it ended is not known; the card may have been charged.",
    nextStep: "Look at the order before paying again.",
    valueDelivered: true,
    retry: "no",
  },
  swap_not_seen: {
    sentence: "The page sent no payment in which the stand-in could be replaced; the stand-in is worthless and was or will be declined.",
    nextStep: "Ask again and let the person choose direct mode, or teach this checkout.",
    valueDelivered: false,
    retry: "new request",
  },
  egress_unavailable: {
    sentence: "The egress, which holds the card in surrogate mode, is not running or did not answer.",
    nextStep: "Ask the person to start it with ledgeros up, then ask for new card details.",
    valueDelivered: false,
    retry: "new request",
  },
  denied: {
    sentence: "The person denied this release.",
    nextStep: "Do not ask again for the same purchase.",
    valueDelivered: false,
    retry: "no",
  },
  stopped: {
    sentence: "The person stopped this release before anything was filled.",
    nextStep: "Do not ask again for the same purchase.",
    valueDelivered: false,
    retry: "no",
  },
  withdrawn: {
    sentence: "The agent took the request back before anything was filled.",
    nextStep: "Ask again if it is still to be bought.",
    valueDelivered: false,
    retry: "new request",
  },
  expired: {
    sentence: "Nobody decided before the token expired.",
    nextStep: "Ask for new card details when a person is there.",
    valueDelivered: false,
    retry: "new request",
  },
  no_tab: {
    sentence: "No open tab shows the page of this purchase.",
    nextStep: "Open the checkout, then ask for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  ambiguous_tab: {
    sentence: "Several tabs show this merchant and nobody picked one.",
    nextStep: "Leave one checkout tab open, then ask for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  no_form: {
    sentence: "The page has no card form.",
    nextStep: "Go to the payment step, then ask for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  field_rejected: {
    sentence: "A field did not keep the value it was given.",
    nextStep: "Look at the named field; the form may be partly filled.",
    valueDelivered: true,
    retry: "new request",
  },
  tab_closed: {
    sentence: "The checkout tab was closed.",
    nextStep: "Open the checkout again, then ask for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  origin_mismatch: {
    sentence: "The page is not the merchant that was claimed.",
    nextStep: "Check the address; a person must confirm a different one.",
    valueDelivered: false,
    retry: "new request",
  },
  amount_mismatch: {
    sentence: "The amount on the page is not the amount that was claimed.",
    nextStep: "Ask for new card details with the amount on the page.",
    valueDelivered: false,
    retry: "new request",
  },
  origin_changed: {
    sentence: "The tab went to another site after the approval; nothing was written.",
    nextStep: "Return to the checkout, then ask for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  page_changed: {
    sentence: "The page or its card fields changed after the approval; nothing was written.",
    nextStep: "Wait until the page is still, then ask for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  invalid_token: {
    sentence: "LedgerOS does not know this token, or it expired.",
    nextStep: "Ask LedgerOS for new card details.",
    valueDelivered: false,
    retry: "same decision",
  },
  wrong_broker: {
    sentence: "The token belongs to another broker.",
    nextStep: "Use the broker that the token was made for.",
    valueDelivered: false,
    retry: "new request",
  },
  already_used: {
    sentence: "The token was used before; an alarm was raised.",
    nextStep: "Stop and tell the person: somebody may have copied the token.",
    valueDelivered: false,
    retry: "no",
  },
  refused_by_issuer: {
    sentence: "LedgerOS refused the card's release.",
    nextStep: "Read the message; the card, agent or user may be blocked.",
    valueDelivered: false,
    retry: "new request",
  },
  refused_by_rule: {
    sentence: "A rule refused this release.",
    nextStep: "Read the named rule; a person can change it.",
    valueDelivered: false,
    retry: "new request",
  },
  passkey_required: {
    sentence: "This approval needs a passkey and none is enrolled.",
    nextStep: "Ask the person to enrol a passkey in the extension's options page.",
    valueDelivered: false,
    retry: "new request",
  },
  extension_offline: {
    sentence: "No paired browser is connected to the broker.",
    nextStep: "Ask the person to open the browser with the extension.",
    valueDelivered: false,
    retry: "new request",
  },
  not_enrolled: {
    sentence: "This broker or browser is not enrolled at LedgerOS.",
    nextStep: "Ask the person to enrol it in the LedgerOS dashboard.",
    valueDelivered: false,
    retry: "new request",
  },
  issuer_unavailable: {
    sentence: "LedgerOS did not answer.",
    nextStep: "Try again later with new card details.",
    valueDelivered: false,
    retry: "new request",
  },
  interrupted: {
    sentence: "The broker stopped before the release was complete.",
    nextStep: "Look at the page; if it is not filled, ask for new card details.",
    valueDelivered: false,
    retry: "new request",
  },
  internal_error: {
    sentence: "Something failed inside the broker or the extension.",
    nextStep: "Look at the broker's log, then ask for new card details.",
    valueDelivered: false,
    retry: "new request",
  },
} as const satisfies Record<string, Meaning>;

/** How a release ended. */
export type Outcome = keyof typeof OUTCOMES;
