"""Users, the hash of their KYC link, and where they are billed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from broker.issuer.metadata import METADATA

users = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("application_status", Text, nullable=False),
    Column("link_hash", LargeBinary, nullable=False, unique=True),
    Column("credit_limit", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("decided_at", Integer),
)

billing_addresses = Table(
    "billing_addresses",
    METADATA,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("address", Text, nullable=False),
)
"""`address` is the JSON of a `BillingAddress`: read whole, never searched."""
