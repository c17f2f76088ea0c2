"""Rules name themselves; a bucket says how long to wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broker.policy import Bucket, Rate, one_pending_per_card, pause_after_withdrawals

RATE = Rate(per_minute=60, burst=3)


def test_a_card_without_another_release_is_allowed() -> None:
    assert one_pending_per_card([]).allowed


def test_a_refusal_names_its_rule() -> None:
    verdict = one_pending_per_card([5, 7])
    assert (verdict.allowed, verdict.rule, verdict.retry_at) == (False, "one_pending_per_card", 7)
    assert verdict.sentence is not None
    assert verdict.rule is not None
    assert verdict.rule in verdict.sentence


def test_only_the_first_withdrawal_costs_nothing() -> None:
    assert pause_after_withdrawals(0, None, 0).allowed
    assert pause_after_withdrawals(1, 1_000, 1_000).allowed
    refused = pause_after_withdrawals(2, 1_000, 1_001)
    assert (refused.allowed, refused.rule, refused.retry_at) == (False, "pause_after_withdrawals", 31_000)
    assert pause_after_withdrawals(9, 1_000, 31_000).allowed


def test_a_burst_passes_and_the_next_waits() -> None:
    bucket = Bucket.full(RATE, 0)
    waits = []
    for _ in range(4):
        bucket, wait = bucket.take(RATE, 0)
        waits.append(wait)
    assert waits == [0, 0, 0, 1000]
    assert bucket.take(RATE, 1000)[1] == 0


@given(st.lists(st.integers(min_value=0, max_value=5_000), max_size=200))
def test_no_rhythm_gets_more_than_the_rate(pauses: list[int]) -> None:
    bucket, now, passed = Bucket.full(RATE, 0), 0, 0
    for pause in pauses:
        now += pause
        bucket, wait = bucket.take(RATE, now)
        passed += wait == 0
    assert passed <= RATE.burst + now * RATE.per_minute / 60_000 + 1e-6


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket, _ = Bucket(0, 10_000).take(RATE, 0)
    assert bucket.left == 0
