"""How values read on a page: money, times, ids, origins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from broker.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from broker.core.money import format_money
from broker.core.origin import host_of, registrable_domain

_SHOWN = 8


def money(amount: int | None, currency: str = "USD") -> str:
    """An amount with its currency, or a dash."""
    return "–" if amount is None else format_money(amount, currency)


def exact(at: int) -> str:
    """A time in full, UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def when(at: int | None, now: int) -> Markup:
    """A time as people say it, with the exact one on hover and in print."""
    if at is None:
        return Markup("–")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        datetime.fromtimestamp(at / 1000, UTC).isoformat(), exact(at), _said(at, now)
    )


def _said(at: int, now: int) -> str:
    distance = abs(now - at)
    if distance < MINUTE_MS:
        return "just now" if at <= now else "in a moment"
    for size, name in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
        if distance >= size:
            count = f"{distance // size} {name}"
            return f"{count} ago" if at < now else f"in {count}"
    raise AssertionError("a minute is the smallest unit")


def short(value: str) -> Markup:
    """An id shortened in the middle; a click copies the whole (page.js), hovering shows it."""
    text = value if len(value) <= 2 * _SHOWN + 1 else f"{value[:_SHOWN]}…{value[-_SHOWN + 2 :]}"
    return Markup('<code class="id" data-copy="{}" title="{}">{}</code>').format(value, value, text)


def whole(value: str) -> Markup:
    """A public key or its id, to be read and compared; a click copies it (page.js)."""
    return Markup('<code class="id whole" data-copy="{}">{}</code>').format(value, value)


def origin(value: str | None) -> Markup:
    """An origin in monospace with its registrable domain in bold."""
    if not value:
        return Markup("–")
    host, domain = host_of(value), registrable_domain(value)
    before, _, after = value.partition(host)
    return Markup('<code class="origin">{}{}<b>{}</b>{}</code>').format(before, host.removesuffix(domain), domain, after)


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money, "when": when, "short": short, "whole": whole, "origin": origin, "exact": exact,
}  # fmt: skip
