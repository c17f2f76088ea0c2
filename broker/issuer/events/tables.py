"""The chain's table (`tlog`)."""

from __future__ import annotations

from sqlalchemy import Index, text

from broker.issuer.metadata import METADATA
from broker.tlog import events_table

events = events_table(METADATA)

CARD_ALARMS = "name IN ('alarm:surrogate:presented', 'alarm:token:replayed', 'alarm:token:stolen')"
"""The alarms about somebody's card, in the words of their index: SQLite uses a partial index for exactly its own condition."""

Index("events_card_alarms", events.c.at, sqlite_where=text(CARD_ALARMS))
