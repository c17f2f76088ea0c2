"""What a peer may cost before and after it proved who it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """`opening_seconds` for TLS and again for the opening, `unauthenticated` connections at once.

    A peer that says nothing for `idle_seconds` is dead (a browser pings every 20 s); one that does
    not read for `write_seconds` is dropped.
    """

    opening_seconds: float = 10.0
    idle_seconds: float = 75.0
    write_seconds: float = 5.0
    unauthenticated: int = 16
