"""Pure rules: periods, buckets, throttling, words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broker.core.errors import LedgerError
from broker.issuer.details.rules import merchant_key
from broker.issuer.ratelimit import RateLimiter
from broker.issuer.settings import IssuerSettings
from broker.issuer.transactions.spend import period_start
from broker.issuer.web.accounts import Throttle
from broker.issuer.web.kyc_views import masked_email
from broker.webui import words


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("frequency", "start"),
    [
        ("perMonth", "2026-11-01T00:00:00"),
        ("perYear", "2026-01-01T00:00:00"),
        ("perWeek", "2026-11-23T00:00:00"),
        ("per24HourPeriod", "2026-11-24T10:30:00"),
        ("allTime", "1970-01-01T00:00:00"),
    ],
)
def test_a_spending_period_begins(frequency: str, start: str) -> None:
    assert period_start(frequency, at("2026-11-25T10:30:00")) == at(start)


def test_per_transaction_counts_nothing_before() -> None:
    now = at("2026-11-25T10:30:00")
    assert period_start("perTransaction", now) > now


class Clock:
    now = 0

    def now_ms(self) -> int:
        return self.now


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(IssuerSettings(), clock)
    for _ in range(10):
        limiter.take("writes", "org")
    with pytest.raises(LedgerError) as caught:
        limiter.take("writes", "org")
    assert caught.value.retry_after_ms == 2001
    limiter.take("writes", "another org")
    clock.now += 2_000
    limiter.take("writes", "org")
    clock.now -= 60_000  # a clock set back gives nothing away and locks nobody out
    with pytest.raises(LedgerError):
        limiter.take("writes", "org")
    clock.now += 4_000
    limiter.take("writes", "org")


def test_each_further_failure_doubles_the_pause() -> None:
    throttle, now = Throttle(tries=2, first_pause_seconds=30), 0
    throttle.failed("ada", now)
    throttle.check("ada", now)
    for pause in (30_000, 60_000, 120_000):
        throttle.failed("ada", now)
        with pytest.raises(LedgerError):
            throttle.check("ada", now + pause - 1)
        throttle.check("ada", now + pause)
    throttle.succeeded("ada")
    throttle.check("ada", now)


def test_merchant_words_are_compared_folded() -> None:
    assert merchant_key(" Ａmazon ") == merchant_key("AMAZON") == "amazon"
    assert merchant_key(None) == ""


def test_an_email_keeps_enough_for_its_owner() -> None:
    assert masked_email("john@example.com") == "j•••@example.com"


def test_pages_write_money_origins_ids_and_times_as_a_person_reads_them() -> None:
    assert words.money(5000) == "$50.00"
    assert words.money(None) == "–"
    assert words.origin("https://pay.shop.example") == '<code class="origin">https://pay.<b>shop.example</b></code>'
    assert "&lt;" in words.short("<script>" * 4)
    assert ">3 min ago<" in words.when(0, 180_000)
    assert ">in 15 min<" in words.when(900_000, 0)
