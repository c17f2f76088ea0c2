"""Whether a standing rule covers a payment: facts in, a verdict that names its rule out. Pure.

The twin of ``extension/policy/grants.ts``: LedgerOS decides by this one, the extension knows by its
own whether to ask; ``tests/conformance`` holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from broker.core.clock import MINUTE_MS
from broker.core.money import format_money
from broker.protocol.decision import Mode
from broker.protocol.grants import Grant, GrantState

_DAY_MINUTES = 1_440


@dataclass(frozen=True, slots=True)
class Payment:
    """What is to be paid. `amount` (minor units) is the most that will be authorised, None when nobody named one.

    `at` is LedgerOS's time (Unix ms); `mismatches` are claims that the browser contradicts.
    """

    device_id: str
    agent_id: str
    origin: str
    amount: int | None
    currency: str
    mode: Mode
    mismatches: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a grant covers a payment. `rule` names the bound that refused, or the grant that covers."""

    covered: bool
    rule: str
    sentence: str


def covers(state: GrantState, payment: Payment) -> Coverage:
    """Every bound must hold; the first that does not is named."""
    for rule, holds, sentence in _bounds(state, payment):
        if not holds:
            return Coverage(covered=False, rule=rule, sentence=sentence)
    grant = state.grant
    return Coverage(covered=True, rule=grant.grant_id, sentence=f"Rule {grant.grant_id}: {describe(grant)}.")


def _bounds(state: GrantState, payment: Payment) -> Iterator[tuple[str, bool, str]]:
    grant, amount, at = state.grant, payment.amount, payment.at
    enough = amount is not None and 0 < amount <= grant.max_amount
    yield "grant_revoked", state.revoked_at is None, "The rule was revoked."
    yield "grant_device", grant.device_id == payment.device_id, "The rule was made in another browser."
    yield "grant_agent", grant.agent_id == payment.agent_id, "The rule is for another agent."
    yield "grant_origin", grant.origin == payment.origin, "The rule is for another site."
    yield "grant_mode", payment.mode in grant.modes, "The rule does not allow this way of paying."
    yield "grant_currency", grant.currency == payment.currency, "The rule is in another currency."
    yield "grant_amount", enough, "The amount is above the rule's, or nobody named one."
    yield "grant_mismatch", not payment.mismatches, "What the agent claimed is not what the browser sees."
    yield "grant_dates", grant.created_at <= at < grant.ends_at, "The rule has ended."
    yield "grant_hours", in_hours(grant, minute_of_day(grant, at)), "The rule does not hold at this hour."
    yield "grant_count", state.used_today < grant.count_per_day, "The rule was used as often as it may be today."


def first_covering(states: Iterable[GrantState], payment: Payment) -> GrantState | None:
    """The first of `states` that covers `payment`, narrowest amount first.

    The twin of the extension's ``firstCovering``, which chooses; here the tests alone call it, to hold the two together.
    """
    narrowest = sorted(states, key=lambda state: state.grant.max_amount)
    return next((state for state in narrowest if covers(state, payment).covered), None)


def local_day(grant: Grant, at: int) -> int:
    """The calendar day that `at` falls on where the grant's time is local: days since 1970-01-01. Uses are counted by it."""
    return (at // MINUTE_MS + grant.utc_offset_minutes) // _DAY_MINUTES


def minute_of_day(grant: Grant, at: int) -> int:
    """Minutes since local midnight."""
    return (at // MINUTE_MS + grant.utc_offset_minutes) % _DAY_MINUTES


def in_hours(grant: Grant, minute: int) -> bool:
    """Whether `minute` lies in the grant's hours; a span that ends before it starts goes over midnight."""
    if grant.from_minute <= grant.to_minute:
        return grant.from_minute <= minute < grant.to_minute
    return minute >= grant.from_minute or minute < grant.to_minute


def describe(grant: Grant) -> str:
    """A grant in words: ``up to $50.00, 3 a day, 9:00–17:00, until 2027-01-31, the page does not see the number``."""
    until = datetime.fromtimestamp((grant.ends_at + grant.utc_offset_minutes * MINUTE_MS - 1) // 1000, UTC).date().isoformat()
    any_time = (grant.from_minute, grant.to_minute) == (0, _DAY_MINUTES)
    hours = "" if any_time else f", {_clock(grant.from_minute)}–{_clock(grant.to_minute)}"
    return f"up to {format_money(grant.max_amount, grant.currency)}, {grant.count_per_day} a day{hours}, until {until}, {_sees(grant)}"


def _sees(grant: Grant) -> str:
    if "direct" not in grant.modes:
        return "the page does not see the number"
    return "the page may see the number" if "surrogate" in grant.modes else "the page sees the number"


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"
