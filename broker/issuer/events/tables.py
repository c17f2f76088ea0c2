"""The chain's table (`tlog`)."""

from __future__ import annotations

from sqlalchemy import Index, text

from broker.issuer.metadata import METADATA
from broker.tlog import events_table

events = events_table(METADATA)

CARD_ALARMS = "name < 'alarm;' AND name IN ('alarm:surrogate:presented', 'alarm:token:replayed', 'alarm:token:stolen')"
"""The alarms about somebody's card, in the words of their index: SQLite uses a partial index for exactly its own condition.

The comparison comes first because it is nearly free and settles most events; a list costs a table of its own each time it is asked.
"""

Index("events_card_alarms", events.c.at, sqlite_where=text(CARD_ALARMS))
