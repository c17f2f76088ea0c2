"""Transactions and the authorisation windows that redeemed releases open."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from broker.issuer.metadata import METADATA

transactions = Table(
    "transactions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("acquirer_id", ForeignKey("api_keys.id"), nullable=False),
    Column("card_id", ForeignKey("cards.id")),  # null: the number is nobody's
    Column("agent_id", ForeignKey("agents.id")),
    Column("user_id", ForeignKey("users.id"), index=True),
    Column("amount", Integer, nullable=False),
    Column("authorized_amount", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),  # pending | completed | declined | reversed
    Column("declined_reason", Text),
    Column("attestation_status", Text, nullable=False),
    Column("access_event_id", ForeignKey("access_events.id")),
    Column("window_id", ForeignKey("windows.id")),
    Column("previous_transaction_id", ForeignKey("transactions.id")),
    Column("merchant", Text, nullable=False),  # JSON
    Column("merchant_key", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("authorized_at", Integer),
    Column("posted_at", Integer),
)
Index("transactions_card", transactions.c.card_id, transactions.c.created_at)
Index("transactions_agent", transactions.c.agent_id, transactions.c.created_at)

windows = Table(
    "windows",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False),
    Column("access_event_id", ForeignKey("access_events.id"), nullable=False, unique=True),
    Column("card_id", ForeignKey("cards.id"), nullable=False),
    Column("max_amount", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("opened_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
    Column("consumed_at", Integer),
    Column("closed_at", Integer),  # it authorises nothing any more: expired unused, stopped, or replaced
)
Index("windows_open", windows.c.card_id, windows.c.consumed_at)
