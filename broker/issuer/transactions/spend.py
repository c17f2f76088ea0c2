"""What a card and an agent have spent, and the most they may still spend. Plain SQL: the redeem path uses it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection

from broker.core.clock import DAY_MS

_COUNTED = "status IN ('pending', 'completed')"

_ALL_SPEND = f"""
SELECT COALESCE(SUM(amount), 0), COALESCE(SUM(CASE WHEN created_at > ?1 THEN amount END), 0),
  COALESCE(SUM(CASE WHEN created_at >= ?2 THEN amount END), 0),
  (SELECT COALESCE(SUM(amount), 0) FROM transactions WHERE agent_id = ?4 AND created_at >= ?5 AND {_COUNTED}),
  (SELECT COALESCE(SUM(amount), 0) FROM transactions WHERE user_id = ?6 AND {_COUNTED})
FROM transactions WHERE card_id = ?3 AND {_COUNTED}"""  # noqa: S608

_UNLIMITED = 2**53
_SUM = f"(SELECT COALESCE(SUM(amount), 0) FROM transactions WHERE {_COUNTED} AND "  # noqa: S608
REMAINING = f"""
max(0, min(
  CASE WHEN c.max_amount IS NULL THEN {_UNLIMITED} ELSE c.max_amount - {_SUM} card_id = c.id) END,
  COALESCE(c.per_auth, {_UNLIMITED}),
  CASE WHEN c.per_day IS NULL THEN {_UNLIMITED} ELSE c.per_day - {_SUM} card_id = c.id AND created_at > ?1) END,
  CASE WHEN c.per_month IS NULL THEN {_UNLIMITED} ELSE c.per_month - {_SUM} card_id = c.id AND created_at >= ?3) END,
  CASE WHEN a.spending_limit IS NULL THEN {_UNLIMITED} ELSE a.spending_limit - {_SUM} agent_id = a.id AND created_at >=
    CASE a.spending_limit_frequency WHEN 'per24HourPeriod' THEN ?1 WHEN 'perWeek' THEN ?2 WHEN 'perMonth' THEN ?3 WHEN 'perYear' THEN ?4
      WHEN 'allTime' THEN 0 ELSE {_UNLIMITED} END) END,
  u.credit_limit - {_SUM} user_id = u.id)
))"""
"""The least of `ceilings` inside a query that has the card as c, its agent as a, its user as u, and `periods` as its first parameters.

A redeem asks for nothing else: limits that are not set cost it nothing, and its query has one column instead of six.
"""


class CardSpend(NamedTuple):
    """Sums over a card's approved transactions, in minor units, and their number."""

    total: int
    day: int
    month: int
    charges: int


class LimitSet(NamedTuple):
    """Every ceiling that applies to one card; None means none."""

    max_amount: int | None
    per_auth: int | None
    per_day: int | None
    per_month: int | None
    agent_limit: int | None
    agent_frequency: str
    credit_limit: int


def raw_of(connection: Connection) -> sqlite3.Connection:
    """The driver's connection under a SQLAlchemy one."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def card_spend(raw: sqlite3.Connection, card_id: str, now: int) -> CardSpend:
    """A card's spend in all, in the last 24 hours, and in the calendar month (UTC)."""
    row = raw.execute(
        "SELECT COALESCE(SUM(amount), 0), COALESCE(SUM(CASE WHEN created_at > ? THEN amount END), 0),"
        " COALESCE(SUM(CASE WHEN created_at >= ? THEN amount END), 0), COUNT(*)"
        " FROM transactions WHERE card_id = ? AND status IN ('pending', 'completed')",
        (now - DAY_MS, period_start("perMonth", now), card_id),
    ).fetchone()
    return CardSpend(*row)


def agent_spend(raw: sqlite3.Connection, agent_id: str, frequency: str, now: int) -> int:
    """An agent's approved spend in the current period of its spending limit."""
    row = raw.execute(
        f"SELECT COALESCE(SUM(amount), 0) FROM transactions WHERE agent_id = ? AND created_at >= ? AND {_COUNTED}",  # noqa: S608
        (agent_id, period_start(frequency, now)),
    ).fetchone()
    return int(row[0])


def period_start(frequency: str, now: int) -> int:
    """When the current period began (Unix ms): calendar week (Monday), month and year in UTC, a rolling day otherwise."""
    if frequency in ("allTime", "perTransaction"):
        return 0 if frequency == "allTime" else now + 1  # one transaction at a time: nothing before it counts
    return now - DAY_MS if frequency == "per24HourPeriod" else _calendar_start(frequency, now // DAY_MS)


@lru_cache(maxsize=64)
def _calendar_start(frequency: str, day: int) -> int:
    today = datetime.fromtimestamp(day * DAY_MS // 1000, UTC)
    start = {
        "perWeek": today - timedelta(days=today.weekday()),
        "perMonth": today.replace(day=1),
        "perYear": today.replace(month=1, day=1),
    }[frequency]
    return int(start.timestamp() * 1000)


@lru_cache(maxsize=4)
def _calendar_starts(day: int) -> tuple[int, int, int]:
    return _calendar_start("perWeek", day), _calendar_start("perMonth", day), _calendar_start("perYear", day)


def periods(now: int) -> tuple[int, int, int, int]:
    """When the last 24 hours and this week, month and year began (Unix ms): the first parameters of a query with `REMAINING`."""
    return now - DAY_MS, *_calendar_starts(now // DAY_MS)


def ceilings(raw: sqlite3.Connection, card_id: str, agent_id: str, user_id: str, limits: LimitSet, now: int) -> dict[str, int]:
    """How much each limit leaves, by the decline reason it gives; never below zero."""
    row = raw.execute(
        _ALL_SPEND, (now - DAY_MS, period_start("perMonth", now), card_id, agent_id, period_start(limits.agent_frequency, now), user_id)
    )
    total, day, month, by_agent, by_user = row.fetchone()
    left = {
        "card_limit": None if limits.max_amount is None else limits.max_amount - total,
        "per_auth_limit": limits.per_auth,
        "per_day_limit": None if limits.per_day is None else limits.per_day - day,
        "per_month_limit": None if limits.per_month is None else limits.per_month - month,
        "agent_spending_limit": None if limits.agent_limit is None else limits.agent_limit - by_agent,
        "insufficient_funds": limits.credit_limit - by_user,
    }
    return {reason: max(0, amount) for reason, amount in left.items() if amount is not None}
