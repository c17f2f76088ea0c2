"""Intents, and the facts that were issued about them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from broker.issuer.metadata import METADATA

intents = Table(
    "intents",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("card_id", ForeignKey("cards.id"), nullable=False),
    Column("agent_id", ForeignKey("agents.id"), nullable=False),
    Column("external_id", Text),  # the caller's own name for it
    Column("status", Text, nullable=False),  # pending_approval | pending | matched | mismatched | expired | canceled | rejected
    Column("summary", Text, nullable=False),
    Column("expected_amount", Integer, nullable=False),
    Column("expected_currency", Text, nullable=False),
    Column("expected_merchant", Text),
    Column("merchant_key", Text, nullable=False),
    Column("tolerance", Integer, nullable=False),
    Column("metadata", Text),
    Column("reason", Text, nullable=False, server_default="one-time"),
    Column("bound_broker", Text),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
    Column("decided_at", Integer),
    Column("actual_amount", Integer),
    Column("actual_merchant", Text),
    UniqueConstraint("card_id", "external_id"),
)
Index("intents_card", intents.c.card_id, intents.c.created_at)
Index("intents_open", intents.c.expires_at, sqlite_where=intents.c.status.in_(("pending_approval", "pending")))

intent_introspections = Table(
    "intent_introspections",
    METADATA,
    Column("facts_hash", LargeBinary, primary_key=True),
    Column("intent_id", ForeignKey("intents.id"), nullable=False, index=True),
    Column("broker_id", Text, nullable=False),
    Column("facts", Text, nullable=False),  # the JWS
    Column("issued_at", Integer, nullable=False),
)
