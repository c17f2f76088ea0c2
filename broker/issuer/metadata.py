"""The one SQLAlchemy ``MetaData`` that every resource's ``tables.py`` adds to."""

from __future__ import annotations

from sqlalchemy import MetaData

METADATA = MetaData()
SCHEMA_VERSION = 1
