"""Transactions and the authorisation windows that redeemed releases open."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, select

from broker.issuer.details.tables import access_events
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
    Column("window_id", Text),  # of the access event's
    Column("previous_transaction_id", ForeignKey("transactions.id")),
    Column("merchant", Text, nullable=False),  # JSON
    Column("merchant_key", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("authorized_at", Integer),
    Column("posted_at", Integer),
)
Index("transactions_card", transactions.c.card_id, transactions.c.created_at)
Index("transactions_agent", transactions.c.agent_id, transactions.c.created_at)

_w = access_events.c
windows = (
    select(
        _w.window_id.label("id"), _w.org_id, _w.id.label("access_event_id"), _w.card_id, _w.window_max_amount.label("max_amount"),
        _w.expected_currency.label("currency"), _w.window_origin.label("origin"), _w.consumed_at.label("opened_at"),
        _w.window_expires_at.label("expires_at"), _w.window_consumed_at.label("consumed_at"), _w.window_closed_at.label("closed_at"),
    )
    .where(_w.window_id.is_not(None))
    .subquery("windows")
)  # fmt: skip
"""The authorisation windows, as if in a table of their own. They lie in the rows of the tokens that opened them, one for each."""
