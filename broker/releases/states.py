"""The state machine, as data: which step follows which, and what a browser may say when.

pending → approved → filling → finished; every state may go to finished. On an intent, ``approved``
waits for the agent's token, and filling → approved once more when nothing reached the page. A step
is one conditional UPDATE, so of two that race only one happens.
"""

from __future__ import annotations

from broker.protocol.agent_api import ReleaseStatus
from broker.protocol.outcomes import MEANINGS, Outcome

UNFINISHED: tuple[ReleaseStatus, ...] = ("pending", "approved", "filling")

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
"""Results of a browser that wrote nothing: possible in every unfinished state."""

AFTER_FILL = frozenset(outcome for outcome, meaning in MEANINGS.items() if meaning.value_delivered)
"""Results that claim a written value: only possible once credentials were handed over."""


def states_for_result(outcome: Outcome, *, delivered: bool) -> tuple[ReleaseStatus, ...]:
    """The states in which a browser may end a release with `outcome`; empty when it may not."""
    if outcome in AFTER_FILL:
        return ("filling",) if delivered else ()
    return UNFINISHED if outcome in BEFORE_FILL else ()
