"""Paired browsers, and the codes that pair them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from broker.audit import metadata

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("signing_key", LargeBinary, nullable=False, unique=True),  # raw Ed25519: the pin
    Column("name", Text, nullable=False),
    Column("paired_at", Integer, nullable=False),
    Column("last_seen", Integer),
    Column("revoked_at", Integer),
)

pairing_codes = Table(
    "pairing_codes",
    metadata,
    Column("code_id", Text, primary_key=True),
    Column("proof_key", LargeBinary, nullable=False),  # stretched from the code, which is not kept
    Column("expires_at", Integer, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
)
