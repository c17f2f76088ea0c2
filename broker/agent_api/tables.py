"""Agents that may ask this broker for releases."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from broker.audit import metadata

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("credential_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Integer, nullable=False),
    Column("revoked_at", Integer),
)
