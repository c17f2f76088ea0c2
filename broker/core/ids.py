"""Prefixed ids and bearer secrets.

Ids sort by time (48 bits of Unix milliseconds, then 80 random bits, Crockford base32: the ULID
layout). Secrets are 256 random bits and are stored only as SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Protocol

from broker.core.clock import Clock

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _CROCKFORD for low in _CROCKFORD)
_SHIFTS = tuple(range(120, -1, -10))  # 13 pairs of 5 bits hold the 128


class Randomness(Protocol):
    """A source of random bytes; tests may pass a seeded one."""

    def __call__(self, size: int, /) -> bytes:
        """`size` random bytes."""
        ...


class IdFactory:
    """Makes ids such as ``card_01jd…``: sortable, unguessable, safe in URLs."""

    def __init__(self, clock: Clock, randomness: Randomness = secrets.token_bytes) -> None:
        self._clock = clock
        self._randomness = randomness

    def new(self, prefix: str) -> str:
        """A fresh id: `prefix`, an underscore, 26 lower-case characters."""
        number = int.from_bytes(self._clock.now_ms().to_bytes(6, "big") + self._randomness(10), "big")
        return f"{prefix}_" + "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def new_secret(prefix: str) -> str:
    """A bearer secret: `prefix` followed by 256 random bits, URL-safe."""
    return prefix + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """SHA-256 of a secret of at least 128 bits of entropy: what is stored in its place."""
    return hashlib.sha256(secret.encode()).digest()
