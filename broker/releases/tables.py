"""One row per release, without the token itself: its SHA-256, null while a release on an intent waits for one. And signed denials."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from broker.audit import metadata

releases = Table(
    "releases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agent_id", Text, nullable=False),  # the broker's own id of the agent that asked
    Column("token_hash", LargeBinary, unique=True),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("detail", Text),  # replaces the outcome's general sentence where there is more to say
    Column("card_id", Text),
    Column("last4", Text),
    Column("access_event_id", Text),
    Column("device_id", Text),
    Column("origin", Text),
    Column("mode", Text),
    Column("fields", Text, nullable=False, default="[]"),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
    Column("finished_at", Integer),
    Column("reported_at", Integer),
    Column("intent_id", Text),
    Column("amount", Integer),  # expected, minor units: a repeat asks for the same
    Column("approved_at", Integer),
    Column("retry_at", Integer),
    Index("releases_by_agent", "agent_id", "created_at"),
    Index("releases_by_status", "status"),
    Index("releases_by_intent", "intent_id"),
)

signed_denials = Table(
    "signed_denials",
    metadata,
    Column("release_id", Text, primary_key=True),
    Column("signed", Text, nullable=False),  # the SignedDenial as the browser sent it, for LedgerOS
)
