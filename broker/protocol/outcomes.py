"""Every way a release can end: a code, a sentence for a person, and what the agent should do next.

The table in PROTOCOL.md is held to this file by a test. `value_delivered` says whether card
details may have reached the page or the merchant, `retry` how the same purchase may be tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Retry = Literal["no", "new request", "same decision"]
"""How the same purchase may be tried again.

``same decision``: nothing reached the page, so under an intent that a person approved a new token is
enough, while the approval lasts and at most `MOST_REDEEMS` times; without one it is a new request.
``new request``: once the cause is gone, a person or a rule decides anew. ``no``: do not.
"""

MOST_REDEEMS = 3
"""Tokens that one decision on an intent may spend, each after the one before came to nothing."""


class Outcome(StrEnum):
    """How a release ended."""

    FILLED = "filled"
    SUBMITTED = "submitted"
    CHALLENGE_REQUIRED = "challenge_required"
    BLOCKED_BY_MERCHANT = "blocked_by_merchant"
    MAY_HAVE_BEEN_CHARGED = "may_have_been_charged"
    SWAP_NOT_SEEN = "swap_not_seen"
    EGRESS_UNAVAILABLE = "egress_unavailable"
    DENIED = "denied"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NO_TAB = "no_tab"
    AMBIGUOUS_TAB = "ambiguous_tab"
    NO_FORM = "no_form"
    FIELD_REJECTED = "field_rejected"
    TAB_CLOSED = "tab_closed"
    ORIGIN_MISMATCH = "origin_mismatch"
    AMOUNT_MISMATCH = "amount_mismatch"
    ORIGIN_CHANGED = "origin_changed"
    PAGE_CHANGED = "page_changed"
    INVALID_TOKEN = "invalid_token"
    WRONG_BROKER = "wrong_broker"
    ALREADY_USED = "already_used"
    REFUSED_BY_ISSUER = "refused_by_issuer"
    REFUSED_BY_RULE = "refused_by_rule"
    PASSKEY_REQUIRED = "passkey_required"
    EXTENSION_OFFLINE = "extension_offline"
    NOT_ENROLLED = "not_enrolled"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    INTERRUPTED = "interrupted"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an outcome tells people and agents."""

    sentence: str
    next_step: str
    value_delivered: bool = False
    retry: Retry = "new request"


MEANINGS: dict[Outcome, Meaning] = {
    Outcome.FILLED: Meaning("The checkout form was filled.", "Submit the form in the page.", value_delivered=True, retry="no"),
    Outcome.SUBMITTED: Meaning(
        "The payment request went out with the real card; the page never held it.",
        "Read the page for the merchant's answer.",
        value_delivered=True,
        retry="no",
    ),
    Outcome.CHALLENGE_REQUIRED: Meaning(
        "The payment was sent and the bank asks the person to confirm it.",
        "Leave the page open and let the person answer; do not pay again.",
        value_delivered=True,
        retry="no",
    ),
    Outcome.BLOCKED_BY_MERCHANT: Meaning(
        "The merchant refused the payment request before it reached the card network.",
        "Look at the page; a person can pay in direct mode.",
        value_delivered=True,
    ),
    Outcome.MAY_HAVE_BEEN_CHARGED: Meaning(
        "The payment was sent and how it ended is not known; the card may have been charged.",
        "Look at the order before paying again.",
        value_delivered=True,
        retry="no",
    ),
    Outcome.SWAP_NOT_SEEN: Meaning(
        "The page sent no payment in which the stand-in could be replaced; the stand-in is worthless and was or will be declined.",
        "Ask again and let the person choose direct mode, or teach this checkout.",
    ),
    Outcome.EGRESS_UNAVAILABLE: Meaning(
        "The egress, which holds the card in surrogate mode, is not running or did not answer.",
        "Ask the person to start it with ledgeros up, then ask for new card details.",
    ),
    Outcome.DENIED: Meaning("The person denied this release.", "Do not ask again for the same purchase.", retry="no"),
    Outcome.STOPPED: Meaning(
        "The person stopped this release before anything was filled.", "Do not ask again for the same purchase.", retry="no"
    ),
    Outcome.WITHDRAWN: Meaning("The agent took the request back before anything was filled.", "Ask again if it is still to be bought."),
    Outcome.EXPIRED: Meaning("Nobody decided before the token expired.", "Ask for new card details when a person is there."),
    Outcome.NO_TAB: Meaning(
        "No open tab shows the page of this purchase.", "Open the checkout, then ask for new card details.", retry="same decision"
    ),
    Outcome.AMBIGUOUS_TAB: Meaning(
        "Several tabs show this merchant and nobody picked one.",
        "Leave one checkout tab open, then ask for new card details.",
        retry="same decision",
    ),
    Outcome.NO_FORM: Meaning("The page has no card form.", "Go to the payment step, then ask for new card details.", retry="same decision"),
    Outcome.FIELD_REJECTED: Meaning(
        "A field did not keep the value it was given.", "Look at the named field; the form may be partly filled.", value_delivered=True
    ),
    Outcome.TAB_CLOSED: Meaning(
        "The checkout tab was closed.", "Open the checkout again, then ask for new card details.", retry="same decision"
    ),
    Outcome.ORIGIN_MISMATCH: Meaning(
        "The page is not the merchant that was claimed.", "Check the address; a person must confirm a different one."
    ),
    Outcome.AMOUNT_MISMATCH: Meaning(
        "The amount on the page is not the amount that was claimed.", "Ask for new card details with the amount on the page."
    ),
    Outcome.ORIGIN_CHANGED: Meaning(
        "The tab went to another site after the approval; nothing was written.",
        "Return to the checkout, then ask for new card details.",
        retry="same decision",
    ),
    Outcome.PAGE_CHANGED: Meaning(
        "The page or its card fields changed after the approval; nothing was written.",
        "Wait until the page is still, then ask for new card details.",
        retry="same decision",
    ),
    Outcome.INVALID_TOKEN: Meaning(
        "LedgerOS does not know this token, or it expired.", "Ask LedgerOS for new card details.", retry="same decision"
    ),
    Outcome.WRONG_BROKER: Meaning("The token belongs to another broker.", "Use the broker that the token was made for."),
    Outcome.ALREADY_USED: Meaning(
        "The token was used before; an alarm was raised.", "Stop and tell the person: somebody may have copied the token.", retry="no"
    ),
    Outcome.REFUSED_BY_ISSUER: Meaning("LedgerOS refused the card's release.", "Read the message; the card, agent or user may be blocked."),
    Outcome.REFUSED_BY_RULE: Meaning("A rule refused this release.", "Read the named rule; a person can change it."),
    Outcome.PASSKEY_REQUIRED: Meaning(
        "This approval needs a passkey and none is enrolled.", "Ask the person to enrol a passkey in the extension's options page."
    ),
    Outcome.EXTENSION_OFFLINE: Meaning(
        "No paired browser is connected to the broker.", "Ask the person to open the browser with the extension."
    ),
    Outcome.NOT_ENROLLED: Meaning(
        "This broker or browser is not enrolled at LedgerOS.", "Ask the person to enrol it in the LedgerOS dashboard."
    ),
    Outcome.ISSUER_UNAVAILABLE: Meaning("LedgerOS did not answer.", "Try again later with new card details."),
    Outcome.INTERRUPTED: Meaning(
        "The broker stopped before the release was complete.", "Look at the page; if it is not filled, ask for new card details."
    ),
    Outcome.INTERNAL_ERROR: Meaning(
        "Something failed inside the broker or the extension.", "Look at the broker's log, then ask for new card details."
    ),
}
