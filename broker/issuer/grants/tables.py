"""Grants with their daily counts, and the nonces of actions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from broker.issuer.metadata import METADATA

grants = Table(
    "grants",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("broker_id", ForeignKey("brokers.id"), nullable=False),
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("passkey_id", ForeignKey("passkeys.id"), nullable=False),
    Column("agent_id", ForeignKey("agents.id"), nullable=False),
    Column("signed", Text, nullable=False),  # the SignedGrant as it came
    Column("nonce", Text, nullable=False),
    Column("made_at", Integer, nullable=False),  # by LedgerOS's clock
    Column("ends_at", Integer, nullable=False),
    Column("used_total", Integer, nullable=False),
    Column("last_used_at", Integer),
    Column("revoked_at", Integer),
    UniqueConstraint("device_id", "nonce"),
)
Index("grants_agent", grants.c.agent_id, grants.c.ends_at)

grant_days = Table(
    "grant_days",
    METADATA,
    Column("grant_id", ForeignKey("grants.id"), primary_key=True),
    Column("day", Integer, primary_key=True),  # local to the grant: `policy.local_day`
    Column("used", Integer, nullable=False),
)

actions = Table(
    "actions",
    METADATA,
    Column("device_id", ForeignKey("devices.id"), primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False),
    Column("signed", Text, nullable=False),  # the SignedAction as it came
    Column("at", Integer, nullable=False),
)
