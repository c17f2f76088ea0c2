"""The broker's own rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from broker.core.clock import MINUTE_MS, SECOND_MS

COOL_DOWNS_MS = (0, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS)
"""How long an agent waits after its first, second, … denial in a row; the last holds for every further one."""


WITHDRAWAL_PAUSE_MS = 30 * SECOND_MS
"""How long an agent waits after the second and every further request in ten minutes that it took back."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule lets something pass; `rule` and `sentence` say which rule refused and why.

    `retry_at` (Unix ms) is when asking again can help; None when waiting does not.
    """

    allowed: bool
    rule: str | None = None
    sentence: str | None = None
    retry_at: int | None = None


ALLOWED = Verdict(allowed=True)


def one_pending_per_card(others: Collection[int]) -> Verdict:
    """A card has at most one unfinished release. `others` are the ends (Unix ms) of the card's other unfinished releases."""
    if not others:
        return ALLOWED
    return _refuse("one_pending_per_card", "this card already has a release that is not finished; wait for it.", max(others))


def cool_down_after_denials(denials: int, last_denied_at: int | None, now: int) -> Verdict:
    """An agent that was denied `denials` times in a row waits longer each time; an approval starts it over."""
    if denials == 0 or last_denied_at is None:
        return ALLOWED
    until = last_denied_at + COOL_DOWNS_MS[min(denials, len(COOL_DOWNS_MS)) - 1]
    if now >= until:
        return ALLOWED
    return _refuse("cool_down_after_denials", "the person denied this agent before; wait before asking again.", until)


def pause_after_withdrawals(withdrawals: int, last_at: int | None, now: int) -> Verdict:
    """An agent that keeps asking and taking back waits between, so that a person is not asked in flickers.

    `withdrawals` counts what it took back in the last ten minutes after a person had been asked; the first costs nothing.
    """
    if withdrawals < 2 or last_at is None or now >= last_at + WITHDRAWAL_PAUSE_MS:
        return ALLOWED
    return _refuse(
        "pause_after_withdrawals", "this agent took back several requests; wait before asking again.", last_at + WITHDRAWAL_PAUSE_MS
    )


def somebody_can_be_asked(attended: bool) -> Verdict:
    """A browser with nobody in front of it is not asked."""
    if attended:
        return ALLOWED
    return _refuse("somebody_can_be_asked", "nobody is at the browser and no standing rule covers this payment.", None)


def _refuse(rule: str, why: str, retry_at: int | None) -> Verdict:
    return Verdict(allowed=False, rule=rule, sentence=f"Rule {rule}: {why}", retry_at=retry_at)
