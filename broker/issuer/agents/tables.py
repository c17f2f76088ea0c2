"""Agents and their tokens."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from broker.issuer.metadata import METADATA

agents = Table(
    "agents",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("external_id", Text),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False),
    Column("spending_limit", Integer),
    Column("spending_limit_frequency", Text, nullable=False),
    Column("on_limit_exceeded", Text, nullable=False),
    Column("max_cards", Integer),
    Column("metadata", Text),
    Column("created_at", Integer, nullable=False),
)

agent_tokens = Table(
    "agent_tokens",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("prefix", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer),
    Column("last_used_at", Integer),
    Column("revoked_at", Integer),
)
