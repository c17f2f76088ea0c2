"""How a release ends, beyond the outcome itself."""

from __future__ import annotations

from dataclasses import dataclass

from broker.protocol.outcomes import MEANINGS, Outcome

_UNSURE = frozenset({Outcome.INTERRUPTED, Outcome.INTERNAL_ERROR})  # said by who does not know how far the browser came


@dataclass(frozen=True, slots=True)
class Ending:
    """An outcome, what there is to say beyond its general sentence, and when asking again can help (Unix ms)."""

    outcome: Outcome
    detail: str | None = None
    retry_at: int | None = None


def nothing_left(outcome: Outcome, *, may_hold_card: bool) -> bool:
    """Whether it is known that no card details reached a page or a merchant: then nothing may be charged any more.

    `may_hold_card`: a browser was handed the real card, or nobody knows.
    """
    return not MEANINGS[outcome].value_delivered and not (may_hold_card and outcome in _UNSURE)
