"""Brokers, devices, passkeys, egress keys and the codes that enrol them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from broker.issuer.metadata import METADATA

brokers = Table(
    "brokers",
    METADATA,
    Column("id", Text, primary_key=True),  # the stable id in its certificate
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("enrolled_at", Integer, nullable=False),
    Column("revoked_at", Integer),
)

devices = Table(
    "devices",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("broker_id", ForeignKey("brokers.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("extension_origin", Text, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),  # raw Ed25519
    Column("sealing_key", LargeBinary, nullable=False),  # raw X25519
    Column("sealing_key_id", Text, nullable=False),
    Column("enrolled_at", Integer, nullable=False),
    Column("revoked_at", Integer),
)
Index("devices_key", devices.c.org_id, devices.c.signing_key)

passkeys = Table(
    "passkeys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("credential_id", Text, nullable=False),  # base64url; unique among those not revoked
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("device_id", ForeignKey("devices.id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),  # COSE_Key (RFC 9052)
    Column("sign_count", Integer, nullable=False),
    Column("enrolled_at", Integer, nullable=False),
    Column("revoked_at", Integer),
)
Index("passkeys_credential", passkeys.c.credential_id)

egress_keys = Table(
    "egress_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False, index=True),
    Column("broker_id", ForeignKey("brokers.id"), nullable=False),  # the one beside it, which brought it
    Column("name", Text, nullable=False),
    Column("sealing_key", LargeBinary, nullable=False),  # raw X25519
    Column("sealing_key_id", Text, nullable=False),
    Column("enrolled_at", Integer, nullable=False),
    Column("revoked_at", Integer),
)
Index("egress_keys_key", egress_keys.c.org_id, egress_keys.c.sealing_key)

enrolment_codes = Table(
    "enrolment_codes",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("org_id", ForeignKey("organisations.id"), nullable=False),
    Column("kind", Text, nullable=False),  # broker | browser | egress
    Column("code_id", Text, nullable=False, unique=True),
    Column("proof_key", LargeBinary, nullable=False),  # encrypted: it proves what the code proves
    Column("created_by", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", Integer),
)
