"""The one SQLAlchemy ``MetaData`` that every resource's ``tables.py`` adds to, and how older files come to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from sqlalchemy import MetaData

from broker.storage import Migration

METADATA = MetaData()
SCHEMA_VERSION = 4


def _decisions_on_intents_and_grants(raw: sqlite3.Connection) -> None:
    raw.execute("ALTER TABLE decisions ADD COLUMN intent_id TEXT")
    raw.execute("ALTER TABLE decisions ADD COLUMN grant_id TEXT")
    raw.execute("ALTER TABLE decisions ADD COLUMN redeems INTEGER NOT NULL DEFAULT 1")


def _token_alarms_found_at_once(raw: sqlite3.Connection) -> None:
    # `egress_keys`, of the same version, is a new table and needs nothing here.
    raw.execute("CREATE INDEX events_token_alarms ON events (at) WHERE name >= 'alarm:token:' AND name < 'alarm:token;'")


def _stand_ins_among_the_alarms(raw: sqlite3.Connection) -> None:
    # `surrogates`, of the same version, is a new table and needs nothing here.
    raw.execute("DROP INDEX events_token_alarms")
    raw.execute(
        "CREATE INDEX events_card_alarms ON events (at)"
        " WHERE name IN ('alarm:surrogate:presented', 'alarm:token:replayed', 'alarm:token:stolen')"
    )


MIGRATIONS: Mapping[int, Migration] = {
    2: _decisions_on_intents_and_grants,
    3: _token_alarms_found_at_once,
    4: _stand_ins_among_the_alarms,
}
