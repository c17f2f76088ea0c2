"""Token buckets in memory: a burst at once, then a steady rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from broker.core.clock import MINUTE_MS, Clock
from broker.core.errors import LedgerError
from broker.issuer.settings import IssuerSettings

Bucket = Literal["reads", "writes", "cards", "broker", "network"]
_MAX_BUCKETS = 10_000  # brokers are named by certificates, credentials by our own rows: more is no honest use


@dataclass(slots=True)
class _Level:
    tokens: float
    at_ms: int


class RateLimiter:
    """One bucket per (kind, owner)."""

    def __init__(self, settings: IssuerSettings, clock: Clock) -> None:
        self._clock = clock
        self._rates: dict[Bucket, tuple[int, int]] = {
            "reads": (settings.reads_per_minute, settings.reads_burst),
            "writes": (settings.writes_per_minute, settings.writes_burst),
            "cards": (settings.card_creations_per_minute, settings.card_creations_burst),
            "broker": (settings.broker_calls_per_minute, settings.broker_calls_burst),
            "network": (settings.network_calls_per_minute, settings.network_calls_burst),
        }
        self._levels: dict[tuple[Bucket, str], _Level] = {}

    def take(self, bucket: Bucket, owner: str) -> None:
        """Take one token, or raise the contract's 429."""
        per_minute, burst = self._rates[bucket]
        now = self._clock.now_ms()
        level = self._levels.get((bucket, owner))
        if level is None:
            if len(self._levels) >= _MAX_BUCKETS:
                self._levels.clear()
            level = self._levels[bucket, owner] = _Level(float(burst), now)
        level.tokens = min(float(burst), level.tokens + max(0, now - level.at_ms) * per_minute / MINUTE_MS)
        level.at_ms = now
        if level.tokens < 1:
            raise too_many(int((1 - level.tokens) * MINUTE_MS / per_minute) + 1)
        level.tokens -= 1


def too_many(retry_after_ms: int) -> LedgerError:
    """The contract's 429; `retry_after_ms` goes into the body and, in seconds, into ``Retry-After``."""
    return LedgerError(429, "rate_limited", "Rate limit exceeded", retry_after_ms=retry_after_ms)
