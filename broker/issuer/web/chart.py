"""The overview's chart: what came of releases in the last 24 hours, as stacked bars."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Integer, cast, func, select

from broker.core.clock import HOUR_MS
from broker.issuer.events.tables import events

HOURS = 24
HEIGHT = 80
_BAR, _STEP = 20, 30

_MEANING = {
    "broker:token:redeemed": "done", "ledgeros:token:expired": "over", "broker:token:refused": "bad", "alarm:token:replayed": "bad",
    "alarm:token:stolen": "bad", "agent:details:denied": "bad", "backend:details:denied": "bad",
}  # fmt: skip
LABELS = {"done": "released", "over": "expired", "bad": "refused"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of the chart in SVG units."""

    x: int
    y: float
    width: int
    height: float
    meaning: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars and sums."""

    bars: list[Bar]
    totals: dict[str, int]
    width: int = HOURS * _STEP
    height: int = HEIGHT


def outcomes_by_hour(connection: Connection, org_id: str, now: int) -> Chart:
    """Count outcomes by hour and stack them."""
    this_hour = now // HOUR_MS
    hour = cast(events.c.at / HOUR_MS, Integer)
    query = (
        select(hour, events.c.name, func.count())
        .where(events.c.at > (this_hour - HOURS + 1) * HOUR_MS, events.c.name.in_(_MEANING))
        .where(func.json_extract(events.c.facts, "$.org") == org_id)
        .group_by(hour, events.c.name)
    )
    sums: dict[tuple[int, str], int] = {}
    for at, name, count in connection.execute(query):
        key = (at - this_hour + HOURS - 1, _MEANING[name])
        sums[key] = sums.get(key, 0) + count
    totals = {meaning: sum(n for (_, m), n in sums.items() if m == meaning) for meaning in LABELS}
    return Chart(_bars(sums), totals)


def _bars(sums: dict[tuple[int, str], int]) -> list[Bar]:
    tallest = max((sum(sums.get((slot, m), 0) for m in LABELS) for slot in range(HOURS)), default=0)
    bars: list[Bar] = []
    for slot in range(HOURS):
        top = float(HEIGHT)
        for meaning, word in LABELS.items():
            count = sums.get((slot, meaning), 0)
            if count:
                height = count / max(tallest, 4) * HEIGHT
                top -= height
                ago = HOURS - 1 - slot
                bars.append(Bar(slot * _STEP + 5, round(top, 1), _BAR, round(height, 1), meaning, f"{count} {word}, {ago} h ago"))
    return bars
