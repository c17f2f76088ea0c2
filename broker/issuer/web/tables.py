"""People, their sessions, and one-time setup links."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from broker.issuer.metadata import METADATA

people = Table(
    "people",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("password_salt", LargeBinary, nullable=False),
    Column("password_hash", LargeBinary, nullable=False),
    Column("created_at", Integer, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("seen_at", Integer, nullable=False),
    Column("ended_at", Integer),
)

setup_links = Table(
    "setup_links",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
    Column("used_at", Integer),
)
