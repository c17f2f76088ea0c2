"""Plain SQL of grants for introspection and redeem: which are in force, and taking one use."""

from __future__ import annotations

import sqlite3

from broker.policy import local_day
from broker.protocol.grants import Grant, GrantState, SignedGrant

MOST_ACTIVE = 20
"""Grants in force per agent: all of them travel in its facts."""

_COLUMNS = "g.signed, g.used_total, g.last_used_at, g.revoked_at"


def state_of(raw: sqlite3.Connection, row: tuple[str, int, int | None, int | None], now: int) -> GrantState:
    """A row of `_COLUMNS` with today's count."""
    signed, used_total, last_used_at, revoked_at = row
    grant = SignedGrant.model_validate_json(signed).grant
    day = "SELECT used FROM grant_days WHERE grant_id = ? AND day = ?"
    used = raw.execute(day, (grant.grant_id, local_day(grant, now))).fetchone()
    return GrantState(
        grant=grant, used_today=used[0] if used else 0, used_total=used_total, last_used_at=last_used_at, revoked_at=revoked_at
    )


def in_force(raw: sqlite3.Connection, org_id: str, agent_id: str, now: int) -> tuple[GrantState, ...]:
    """The grants that hold for this agent, newest first; whether one covers a payment is another question.

    A grant falls with the browser or the passkey that made it.
    """
    query = (
        f"SELECT {_COLUMNS} FROM grants g JOIN devices d ON d.id = g.device_id JOIN passkeys p ON p.id = g.passkey_id"  # noqa: S608
        " WHERE g.org_id = ? AND g.agent_id = ? AND g.revoked_at IS NULL AND g.ends_at > ?"
        " AND d.revoked_at IS NULL AND p.revoked_at IS NULL ORDER BY g.made_at DESC, g.id LIMIT ?"
    )
    return tuple(state_of(raw, row, now) for row in raw.execute(query, (org_id, agent_id, now, MOST_ACTIVE)).fetchall())


def find_in_force(raw: sqlite3.Connection, org_id: str, grant_id: str, now: int) -> GrantState | None:
    """That grant of the organisation while its browser and passkey are enrolled, revoked or ended ones included."""
    query = (
        f"SELECT {_COLUMNS} FROM grants g JOIN devices d ON d.id = g.device_id JOIN passkeys p ON p.id = g.passkey_id"  # noqa: S608
        " WHERE g.org_id = ? AND g.id = ? AND d.revoked_at IS NULL AND p.revoked_at IS NULL"
    )
    row = raw.execute(query, (org_id, grant_id)).fetchone()
    return None if row is None else state_of(raw, row, now)


def take_use(raw: sqlite3.Connection, grant: Grant, now: int) -> bool:
    """Count one use; False when the day's count is used up. Two that race for the last one cannot both have it."""
    count = (
        "INSERT INTO grant_days (grant_id, day, used) VALUES (?, ?, 1) ON CONFLICT (grant_id, day)"
        " DO UPDATE SET used = grant_days.used + 1 WHERE grant_days.used < ? RETURNING used"
    )
    if raw.execute(count, (grant.grant_id, local_day(grant, now), grant.count_per_day)).fetchone() is None:
        return False
    raw.execute("UPDATE grants SET used_total = used_total + 1, last_used_at = ? WHERE id = ?", (now, grant.grant_id))
    return True
