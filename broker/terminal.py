"""How times, ids and events look in a terminal: shared by the command line and the demo."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from broker.core.clock import DAY_MS, HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from broker.tlog import Entry  # loads the database layer, which most commands do without

_HEAD, _TAIL = 9, 4
_VALUE_LENGTH = 80
_DATE_AFTER_MS = 30 * DAY_MS
_COLOURS = {"alarm": "red", "person": "magenta", "agent": "blue", "network": "green"}
_HIDDEN = {
    "org",
    "actor",
    "by",
    "accessEvent",
    "enrolment",
    "factsHash",
    "signingKey",
    "sealingKey",
    "publicKey",
    "windowExpiresAt",
    "expiresAt",
    "decidedAt",
}
_LONG = 26


def time_text(millis: int) -> str:
    """Unix milliseconds as UTC, to the second."""
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def relative(millis: int, now: int) -> str:
    """Unix milliseconds as a person says them: ``3 min ago``, ``in 2 h``; after a month, the date (UTC)."""
    distance = abs(now - millis)
    if distance < MINUTE_MS:
        return "now"
    if distance >= _DATE_AFTER_MS:
        return time_text(millis)[:10]
    size, unit = next((size, unit) for size, unit in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min")) if distance >= size)
    return f"{distance // size} {unit} ago" if millis < now else f"in {distance // size} {unit}"


def short_id(text: str) -> str:
    """An id shortened in the middle: ``card_01jd…7k2m``."""
    return text if len(text) <= _HEAD + _TAIL + 1 else f"{text[:_HEAD]}…{text[-_TAIL:]}"


def events_table(entries: Iterable[Entry]) -> Table:
    """Events as a person reads them: number, time, who did what, about what."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("#", "Time (UTC)", "Event", "Facts"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "Facts", justify="right" if heading == "#" else "left")
    for entry in entries:
        colour = _COLOURS.get(entry.name.partition(":")[0], "default")
        table.add_row(str(entry.seq), time_text(entry.at), f"[{colour}]{escape(entry.name)}[/{colour}]", _facts(entry.facts))
    return table


def _facts(facts: dict[str, Any]) -> str:
    shown = ((key, value) for key, value in sorted(facts.items()) if key not in _HIDDEN and value is not None)
    return "  ".join(f"[dim]{escape(key)}[/dim] {escape(_value(value))}" for key, value in shown)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    text = str(value)
    return short_id(text) if len(text) > _LONG and text.replace("_", "").replace("-", "").isalnum() else text[:_VALUE_LENGTH]
