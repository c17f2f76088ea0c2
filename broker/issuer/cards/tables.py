"""Cards. The number is in `number_ciphertext` only; `number_index` finds it, nothing shows it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text

from broker.issuer.metadata import METADATA

cards = Table(
    "cards",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("exposure", Text, nullable=False),
    Column("require_release", Boolean, nullable=False),
    Column("require_merchant_origin", Boolean, nullable=False, server_default="1"),
    Column("max_amount", Integer),
    Column("per_auth", Integer),
    Column("per_day", Integer),
    Column("per_month", Integer),
    Column("max_auth_count", Integer),
    Column("closes_at", Integer),
    Column("attestation_window_minutes", Integer, nullable=False),
    Column("merchant_hint", Text),
    Column("on_drift", Text, nullable=False),
    Column("external_id", Text),
    Column("locked_merchant", Text),
    Column("last4", Text, nullable=False),
    Column("expiration_month", Integer, nullable=False),
    Column("expiration_year", Integer, nullable=False),
    Column("kek_version", Integer, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("number_ciphertext", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False, unique=True),
    Column("created_at", Integer, nullable=False),
)
