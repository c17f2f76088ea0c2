"""The chain's table (`tlog`)."""

from __future__ import annotations

from sqlalchemy import Index, text

from broker.issuer.metadata import METADATA
from broker.tlog import events_table

events = events_table(METADATA)

TOKEN_ALARMS = "name >= 'alarm:token:' AND name < 'alarm:token;'"
"""Every ``alarm:token:…`` event, in the words of their index: SQLite uses a partial index for exactly its own condition."""

Index("events_token_alarms", events.c.at, sqlite_where=text(TOKEN_ALARMS))
