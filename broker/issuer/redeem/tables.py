"""Introspections that were issued, decisions that spent a token, denials that a browser signed, merchants linked to origins."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from broker.issuer.metadata import METADATA

introspections = Table(
    "introspections",
    METADATA,
    Column("facts_hash", LargeBinary, primary_key=True),
    Column("access_event_id", ForeignKey("access_events.id"), nullable=False, index=True),
    Column("broker_id", Text, nullable=False),
    Column("facts", Text, nullable=False),  # the JWS
    Column("issued_at", Integer, nullable=False),
)

decisions = Table(
    "decisions",
    METADATA,
    Column("access_event_id", ForeignKey("access_events.id"), primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False),
    Column("release_id", Text, nullable=False),
    Column("broker_id", Text, nullable=False),
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("passkey_id", ForeignKey("passkeys.id")),
    Column("digest", LargeBinary, nullable=False),
    Column("signed", Text, nullable=False),  # the SignedDecision as it came
    Column("facts_hash", LargeBinary, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("approval", Text, nullable=False),  # what the organisation asked for at the time
    Column("redeemed_at", Integer, nullable=False),
    Column("outcome", Text),
    Column("outcome_fields", Text),
    Column("outcome_at", Integer),
    Column("intent_id", Text),  # approval came first: the decision may spend further tokens of this intent
    Column("grant_id", Text),  # a standing rule decided
    Column("redeems", Integer, nullable=False, server_default="1"),  # tokens spent; the row speaks of the last one
    UniqueConstraint("org_id", "release_id"),
    UniqueConstraint("device_id", "nonce"),
)
Index("decisions_intent", decisions.c.intent_id, sqlite_where=decisions.c.intent_id.is_not(None))

denials = Table(
    "denials",
    METADATA,
    Column("org_id", ForeignKey("organisations.id"), primary_key=True),
    Column("release_id", Text, primary_key=True),
    # A broker may ask under one id again, here or in another browser: no answer takes the place of another.
    Column("device_id", ForeignKey("devices.id"), primary_key=True),
    Column("facts_hash", LargeBinary, primary_key=True),
    Column("said", Text, primary_key=True),
    Column("access_event_id", ForeignKey("access_events.id")),  # null: on an intent that had no token
    Column("intent_id", Text),
    Column("broker_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("signed", Text, nullable=False),  # the SignedDenial as it came
    Column("reported_at", Integer, nullable=False),
)

merchant_links = Table(
    "merchant_links",
    METADATA,
    Column("org_id", ForeignKey("organisations.id"), primary_key=True),
    Column("merchant_key", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("linked_at", Integer, nullable=False),
)
