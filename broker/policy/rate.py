"""A token bucket as a value: how often something may happen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_minute` on average, `burst` at once."""

    per_minute: int
    burst: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left at `at_ms`. Start with `Bucket.full`."""

    left: float
    at_ms: int

    @classmethod
    def full(cls, rate: Rate, now_ms: int) -> Bucket:
        """A bucket nobody has drawn from."""
        return cls(rate.burst, now_ms)

    def take(self, rate: Rate, now_ms: int) -> tuple[Bucket, int]:
        """The bucket after one draw, and 0; or the same bucket and the milliseconds to wait."""
        per_ms = rate.per_minute / 60_000
        left = min(rate.burst, self.left + max(0, now_ms - self.at_ms) * per_ms)
        if left >= 1:
            return Bucket(left - 1, now_ms), 0
        return Bucket(left, now_ms), max(1, round((1 - left) / per_ms))
