"""How long a release may take at each step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReleaseLimits:
    """All in milliseconds.

    `token_ms` is assumed until LedgerOS says when a token really ends. `fill_ms` is how long a
    browser may take between delivery and result. `grace_ms` is how long a browser that went away
    while filling may stay away. `approval_ms` is the longest that an approval on an intent waits for its
    token. `send_ms` is the longest that one payment request may take (the egress's own limits are
    shorter), `next_request_ms` how long another request of the page is awaited after one that was not
    the payment, or after a redirect. `page_first_ms` is how long the end of a paid release waits, so that the
    page has the merchant's answer before its books are written: they would delay that by some 3 ms.
    `shutdown_ms` is how long what is in flight may finish at the end.
    """

    token_ms: int = 120_000
    fill_ms: int = 30_000
    grace_ms: int = 10_000
    approval_ms: int = 15 * 60_000
    send_ms: int = 120_000
    next_request_ms: int = 10_000
    page_first_ms: int = 50
    shutdown_ms: int = 2_000
