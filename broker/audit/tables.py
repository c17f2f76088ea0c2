"""The broker's one `MetaData`; each package adds its own tables to it."""

from __future__ import annotations

from sqlalchemy import MetaData

from broker.tlog import events_table

metadata = MetaData()
events = events_table(metadata)
