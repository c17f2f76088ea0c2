"""The one SQLAlchemy ``MetaData`` that every resource's ``tables.py`` adds to, and how older files come to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from sqlalchemy import MetaData

from broker.storage import Migration

METADATA = MetaData()
SCHEMA_VERSION = 6


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


_TRANSACTIONS_5 = """
CREATE TABLE transactions_5 (
  id TEXT NOT NULL PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organisations (id), acquirer_id TEXT NOT NULL REFERENCES api_keys (id),
  card_id TEXT REFERENCES cards (id), agent_id TEXT REFERENCES agents (id), user_id TEXT REFERENCES users (id), amount INTEGER NOT NULL,
  authorized_amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, declined_reason TEXT, attestation_status TEXT NOT NULL,
  access_event_id TEXT REFERENCES access_events (id), window_id TEXT, previous_transaction_id TEXT REFERENCES transactions (id),
  merchant TEXT NOT NULL, merchant_key TEXT NOT NULL, created_at INTEGER NOT NULL, authorized_at INTEGER, posted_at INTEGER
)"""


def _windows_in_the_rows_of_their_tokens(raw: sqlite3.Connection) -> None:
    for column in ("id TEXT", "max_amount INTEGER", "origin TEXT", "expires_at INTEGER", "consumed_at INTEGER", "closed_at INTEGER"):
        raw.execute(f"ALTER TABLE access_events ADD COLUMN window_{column}")
    raw.execute(
        "UPDATE access_events SET window_id = w.id, window_max_amount = w.max_amount, window_origin = w.origin,"
        " window_expires_at = w.expires_at, window_consumed_at = w.consumed_at, window_closed_at = w.closed_at"
        " FROM windows w WHERE w.access_event_id = access_events.id"
    )
    raw.execute(
        "CREATE INDEX access_events_window ON access_events (card_id, window_expires_at)"
        " WHERE window_id IS NOT NULL AND window_consumed_at IS NULL AND window_closed_at IS NULL"
    )
    # `transactions` referred to `windows`, and SQLite drops no reference: the table is made again.
    raw.execute(_TRANSACTIONS_5)
    raw.execute("INSERT INTO transactions_5 SELECT * FROM transactions")
    raw.execute("DROP TABLE transactions")
    raw.execute("DROP TABLE windows")
    raw.execute("ALTER TABLE transactions_5 RENAME TO transactions")
    raw.execute("CREATE INDEX ix_transactions_org_id ON transactions (org_id)")
    raw.execute("CREATE INDEX ix_transactions_user_id ON transactions (user_id)")
    raw.execute("CREATE INDEX transactions_card ON transactions (card_id, created_at)")
    raw.execute("CREATE INDEX transactions_agent ON transactions (agent_id, created_at)")
    # A list with more than two members costs every event that is written a table of its own; now only alarms get that far.
    raw.execute("DROP INDEX events_card_alarms")
    raw.execute(
        "CREATE INDEX events_card_alarms ON events (at) WHERE name < 'alarm;'"
        " AND name IN ('alarm:surrogate:presented', 'alarm:token:replayed', 'alarm:token:stolen')"
    )


def _what_a_charge_must_name_and_an_intent_is_for(raw: sqlite3.Connection) -> None:
    raw.execute("ALTER TABLE cards ADD COLUMN require_merchant_origin BOOLEAN NOT NULL DEFAULT 1")
    # The first version had no intents: where the table is not there yet, it is made new with the column.
    if raw.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'intents'").fetchone() is not None:
        raw.execute("ALTER TABLE intents ADD COLUMN reason TEXT NOT NULL DEFAULT 'one-time'")
    raw.execute("CREATE INDEX decisions_intent ON decisions (intent_id) WHERE intent_id IS NOT NULL")


MIGRATIONS: Mapping[int, Migration] = {
    2: _decisions_on_intents_and_grants,
    3: _token_alarms_found_at_once,
    4: _stand_ins_among_the_alarms,
    5: _windows_in_the_rows_of_their_tokens,
    6: _what_a_charge_must_name_and_an_intent_is_for,
}
