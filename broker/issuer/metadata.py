"""The one SQLAlchemy ``MetaData`` that every resource's ``tables.py`` adds to, and how older files come to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from sqlalchemy import MetaData

from broker.storage import Migration

METADATA = MetaData()
SCHEMA_VERSION = 2


def _decisions_on_intents_and_grants(raw: sqlite3.Connection) -> None:
    raw.execute("ALTER TABLE decisions ADD COLUMN intent_id TEXT")
    raw.execute("ALTER TABLE decisions ADD COLUMN grant_id TEXT")
    raw.execute("ALTER TABLE decisions ADD COLUMN redeems INTEGER NOT NULL DEFAULT 1")


MIGRATIONS: Mapping[int, Migration] = {2: _decisions_on_intents_and_grants}
