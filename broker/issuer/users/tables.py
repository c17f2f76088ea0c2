"""Users and the hash of their KYC link."""

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
