"""A standing rule covers what all its bounds allow, and says which one refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.core.clock import DAY_MS, MINUTE_MS
from broker.policy import Payment, cool_down_after_denials, covers, first_covering, local_day, somebody_can_be_asked
from broker.policy.grants import describe
from broker.protocol.grants import Grant, GrantState

MIDNIGHT = 20_000 * DAY_MS
NOON = MIDNIGHT + 12 * 60 * MINUTE_MS
GRANT = Grant(
    version=1, grant_id="grant_1", device_id="dev_1", agent_id="agent_1", agent_name="bot", origin="https://shop.example", max_amount=5_000,
    currency="USD", count_per_day=2, from_minute=0, to_minute=1440, utc_offset_minutes=0, modes=("direct",), created_at=MIDNIGHT,
    ends_at=MIDNIGHT + 30 * DAY_MS, nonce="AA",
)  # fmt: skip
PAYMENT = Payment(
    device_id="dev_1", agent_id="agent_1", origin="https://shop.example", amount=5_000, currency="USD", mode="direct",
    reason="one-time", mismatches=(), at=NOON,
)  # fmt: skip


def state(used: int = 0, revoked_at: int | None = None, **changes: Any) -> GrantState:
    grant = GRANT.model_copy(update=changes)
    return GrantState(grant=grant, used_today=used, used_total=used, last_used_at=None, revoked_at=revoked_at)


def test_a_payment_within_every_bound_is_covered_and_names_the_grant() -> None:
    coverage = covers(state(), PAYMENT)
    assert (coverage.covered, coverage.rule) == (True, "grant_1")
    assert describe(GRANT) in coverage.sentence


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("grant_device", {"device_id": "dev_2"}), ("grant_agent", {"agent_id": "agent_2"}),
        ("grant_origin", {"origin": "https://shop.example.evil"}), ("grant_origin", {"origin": "http://shop.example"}),
        ("grant_mode", {"mode": "surrogate"}), ("grant_currency", {"currency": "EUR"}), ("grant_amount", {"amount": 5_001}),
        ("grant_amount", {"amount": 0}), ("grant_amount", {"amount": None}), ("grant_mismatch", {"mismatches": ("amount",)}),
        ("grant_dates", {"at": MIDNIGHT + 30 * DAY_MS}), ("grant_dates", {"at": MIDNIGHT - 1}),
    ],
)  # fmt: skip
def test_every_bound_refuses_by_its_name(rule: str, change: dict[str, Any]) -> None:
    coverage = covers(state(), replace(PAYMENT, **change))
    assert (coverage.covered, coverage.rule) == (False, rule)
    assert coverage.sentence


def test_a_used_up_or_revoked_rule_covers_nothing() -> None:
    assert covers(state(used=2), PAYMENT).rule == "grant_count"
    assert covers(state(revoked_at=1), PAYMENT).rule == "grant_revoked"


def test_hours_span_midnight_and_are_local_to_the_grant() -> None:
    night = state(from_minute=22 * 60, to_minute=6 * 60, utc_offset_minutes=120)
    at = {hour: covers(night, replace(PAYMENT, at=MIDNIGHT + DAY_MS + hour * 60 * MINUTE_MS)).covered for hour in (3, 4, 19, 20)}
    assert at == {3: True, 4: False, 19: False, 20: True}  # UTC hours; the grant's clock is two hours ahead


@given(st.integers(min_value=-840, max_value=840))
def test_the_day_of_the_count_changes_at_local_midnight(offset: int) -> None:
    grant = GRANT.model_copy(update={"utc_offset_minutes": offset})
    local_midnight = MIDNIGHT - offset * MINUTE_MS
    assert local_day(grant, local_midnight) == local_day(grant, local_midnight - 1) + 1


def test_the_narrowest_rule_that_covers_acts() -> None:
    wide, narrow, other = state(max_amount=9_000, grant_id="grant_w"), state(grant_id="grant_n"), state(max_amount=10, grant_id="grant_o")
    found = first_covering([wide, other, narrow], PAYMENT)
    assert found is narrow
    assert first_covering([other], PAYMENT) is None


def test_denials_in_a_row_cool_an_agent_down_longer_each_time() -> None:
    assert cool_down_after_denials(0, None, 0).allowed
    assert cool_down_after_denials(1, 0, 0).allowed
    waits = [cool_down_after_denials(count, 0, 0).retry_at for count in (2, 3, 4, 5, 6, 60)]
    assert waits == [30_000, 120_000, 600_000, 1_800_000, 3_600_000, 3_600_000]
    refused = cool_down_after_denials(2, 0, 29_999)
    assert (refused.allowed, refused.rule) == (False, "cool_down_after_denials")
    assert cool_down_after_denials(2, 0, 30_000).allowed


def test_nobody_there_is_a_rule_too_and_no_time_helps() -> None:
    refused = somebody_can_be_asked(attended=False)
    assert (refused.rule, refused.retry_at) == ("somebody_can_be_asked", None)
    assert somebody_can_be_asked(attended=True).allowed
