"""Organisations and their API keys."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text

from broker.issuer.metadata import METADATA

organisations = Table(
    "organisations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("approval", Text, nullable=False),
    Column("step_up_above", Integer, nullable=False),
    Column("raw_pan_enabled", Boolean, nullable=False),
    Column("created_at", Integer, nullable=False),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # backend | acquirer
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer),
    Column("last_used_at", Integer),
    Column("revoked_at", Integer),
)
