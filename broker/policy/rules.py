"""The broker's own rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule lets something pass; `rule` and `sentence` say which rule refused and why."""

    allowed: bool
    rule: str | None = None
    sentence: str | None = None


ALLOWED = Verdict(allowed=True)


def one_pending_per_card(others: Collection[str]) -> Verdict:
    """A card has at most one unfinished release. `others` are the ids of the card's other unfinished releases."""
    if not others:
        return ALLOWED
    return Verdict(
        allowed=False,
        rule="one_pending_per_card",
        sentence="Rule one_pending_per_card: this card already has a release that is not finished; wait for it.",
    )
