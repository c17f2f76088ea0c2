"""How the releases table of earlier versions comes to this one. History: never edited, only added to."""

from __future__ import annotations

import sqlite3

_OLD = (
    "id, agent_id, token_hash, status, outcome, detail, card_id, last4, access_event_id, device_id, origin, mode, fields,"
    " created_at, expires_at, finished_at, reported_at"
)


def approval_before_the_token(raw: sqlite3.Connection) -> None:
    """1 → 2: a release may have an intent and no token yet; what repeats, cool-downs and retries need is kept."""
    raw.execute(
        "CREATE TABLE releases_2 (id TEXT NOT NULL PRIMARY KEY, agent_id TEXT NOT NULL, token_hash BLOB UNIQUE, status TEXT NOT NULL,"
        " outcome TEXT, detail TEXT, card_id TEXT, last4 TEXT, access_event_id TEXT, device_id TEXT, origin TEXT, mode TEXT,"
        " fields TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, finished_at INTEGER, reported_at INTEGER,"
        " intent_id TEXT, amount INTEGER, approved_at INTEGER, retry_at INTEGER)"
    )
    raw.execute(f"INSERT INTO releases_2 ({_OLD}) SELECT {_OLD} FROM releases")  # noqa: S608
    raw.execute("DROP TABLE releases")
    raw.execute("ALTER TABLE releases_2 RENAME TO releases")
    raw.execute("CREATE INDEX releases_by_agent ON releases (agent_id, created_at)")
    raw.execute("CREATE INDEX releases_by_status ON releases (status)")
    raw.execute("CREATE INDEX releases_by_intent ON releases (intent_id)")
