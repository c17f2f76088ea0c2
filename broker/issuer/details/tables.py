"""Access events with the token they granted (its hash only) and the authorisation window that its redeem opened."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from broker.issuer.metadata import METADATA

access_events = Table(
    "access_events",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("card_id", ForeignKey("cards.id"), nullable=False),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("status", Text, nullable=False),  # granted | denied | consumed | expired
    Column("denied_reason", Text),
    Column("exposure_mode", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("expected_amount", Integer),
    Column("expected_currency", Text, nullable=False),
    Column("merchant_text", Text),
    Column("merchant_key", Text, nullable=False),  # normalised merchant_text: what origins are linked to
    Column("reason", Text, nullable=False),
    Column("intent_id", Text),
    Column("origin", Text),  # claimed at mint time
    Column("token_hash", LargeBinary, unique=True),
    Column("bound_broker", Text),
    Column("created_at", Integer, nullable=False),
    Column("granted_at", Integer),
    Column("expires_at", Integer),
    Column("consumed_at", Integer),
    Column("redeemed_by", Text),
    # The window opens with the write that spends the token; it is in the token's currency. Null: none was opened.
    Column("window_id", Text),
    Column("window_max_amount", Integer),
    Column("window_origin", Text),
    Column("window_expires_at", Integer),
    Column("window_consumed_at", Integer),
    Column("window_closed_at", Integer),  # it authorises nothing any more: expired unused, stopped, or replaced
)
Index("access_events_card", access_events.c.card_id, access_events.c.created_at)
Index("access_events_open", access_events.c.expires_at, sqlite_where=access_events.c.status == "granted")

OPEN_WINDOW = "window_id IS NOT NULL AND window_consumed_at IS NULL AND window_closed_at IS NULL"
"""A window that no charge used and nobody closed, in the words of its index: SQLite uses a partial index for exactly its own condition."""

Index("access_events_window", access_events.c.card_id, access_events.c.window_expires_at, sqlite_where=text(OPEN_WINDOW))
