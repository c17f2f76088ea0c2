"""The state machine, as data: which step follows which, and what a browser may say when.

pending → approved → filling → finished; in surrogate mode filling → paying → sending → finished.
Every state may go to finished. ``sending`` is ``paying`` while a payment request is out: only the
egress's word ends it, for the card may be charged. A request that carried no real value leads back.
On an intent, ``approved`` waits for the agent's token, and filling or paying → approved once more
when nothing reached the page. A step is one conditional UPDATE, so of two that race only one happens.
"""

from __future__ import annotations

from typing import Literal

from broker.protocol.decision import Mode
from broker.protocol.outcomes import Outcome

Step = Literal["pending", "approved", "filling", "paying", "sending", "finished"]

NOTHING_SENT: tuple[Step, ...] = ("pending", "approved", "filling", "paying")
"""Whoever may end a release may end it here."""
UNFINISHED: tuple[Step, ...] = (*NOTHING_SENT, "sending")

BEFORE_FILL = frozenset(
    {
        Outcome.NO_TAB,
        Outcome.AMBIGUOUS_TAB,
        Outcome.NO_FORM,
        Outcome.TAB_CLOSED,
        Outcome.ORIGIN_MISMATCH,
        Outcome.AMOUNT_MISMATCH,
        Outcome.ORIGIN_CHANGED,
        Outcome.PAGE_CHANGED,
        Outcome.PASSKEY_REQUIRED,
        Outcome.NOT_ENROLLED,
        Outcome.REFUSED_BY_RULE,
        Outcome.EXPIRED,
        Outcome.INTERRUPTED,
        Outcome.INTERNAL_ERROR,
    }
)
"""Results of a browser that wrote nothing of value: possible until a payment request is out."""

AFTER_FILL: dict[Mode, frozenset[Outcome]] = {
    "direct": frozenset({Outcome.FILLED, Outcome.FIELD_REJECTED}),
    "surrogate": frozenset({Outcome.FIELD_REJECTED}),
}
"""Results that claim a written value, by what was handed over. In surrogate mode `Ready` says what ``filled`` does in direct mode."""


def states_for_result(outcome: Outcome, delivered: Mode | None) -> tuple[Step, ...]:
    """The states in which a browser that was handed `delivered` may end a release with `outcome`; empty when it may not."""
    if delivered is not None and outcome in AFTER_FILL[delivered]:
        return ("filling",)
    if outcome is Outcome.SWAP_NOT_SEEN and delivered == "surrogate":
        return ("filling", "paying")  # the page went a way on which the browser can pause nothing; only stand-ins are out
    return NOTHING_SENT if outcome in BEFORE_FILL else ()
