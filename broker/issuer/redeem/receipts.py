"""The receipt of a release: what was shown, decided, by which keys; everything needed to verify it offline."""

from __future__ import annotations

import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from broker.core.canonical import b64u, unb64u
from broker.core.errors import LedgerError
from broker.issuer.brokers.tables import devices, passkeys
from broker.issuer.brokers.webauthn_check import verify_assertion
from broker.issuer.context import Context
from broker.issuer.redeem.tables import decisions, introspections
from broker.protocol.decision import SignedDecision
from broker.protocol.facts import verify_facts


def receipt(connection: Connection, context: Context, org_id: str, release_id: str) -> dict[str, Any]:
    """The stored decision of a redeemed release, with the public keys and the facts it was made on."""
    row = connection.execute(select(decisions).where(decisions.c.org_id == org_id, decisions.c.release_id == release_id)).first()
    if row is None:
        raise LedgerError(404, "release_not_found", "There is no redeemed release of that id.", "Check the id.")
    device = connection.execute(select(devices).where(devices.c.id == row.device_id)).one()
    passkey = connection.execute(select(passkeys).where(passkeys.c.id == row.passkey_id)).first()
    facts = connection.execute(select(introspections.c.facts).where(introspections.c.facts_hash == row.facts_hash)).scalar_one()
    return {
        "object": "receipt", "version": 1, "releaseId": row.release_id, "accessEventId": row.access_event_id, "digest": b64u(row.digest),
        "signed": json.loads(row.signed), "facts": facts, "issuerKey": b64u(context.keys.signing.public_key().public_bytes_raw()),
        "device": {
            "id": device.id, "name": device.name, "extensionOrigin": device.extension_origin, "signingKey": b64u(device.signing_key),
            "enrolledAt": device.enrolled_at, "revokedAt": device.revoked_at,
        },
        "passkey": None if passkey is None else {
            "id": passkey.id, "credentialId": passkey.credential_id, "publicKey": b64u(passkey.public_key),
            "enrolledAt": passkey.enrolled_at, "revokedAt": passkey.revoked_at,
        },
        "approval": row.approval, "brokerId": row.broker_id, "redeemedAt": row.redeemed_at, "outcome": row.outcome,
        "outcomeFields": None if row.outcome_fields is None else json.loads(row.outcome_fields), "outcomeAt": row.outcome_at,
    }  # fmt: skip


def verify_receipt(document: dict[str, Any], issuer_key: bytes, device_key: bytes) -> SignedDecision:
    """Verify a receipt without LedgerOS, against keys pinned elsewhere; raises ``ValueError`` naming what does not hold."""
    signed = SignedDecision.model_validate(document["signed"])
    decision, digest = signed.decision, signed.decision.digest()
    facts = verify_facts(document["facts"], Ed25519PublicKey.from_public_bytes(issuer_key))
    if facts.token_hash != decision.token_hash or facts.card_id != decision.card_id:
        raise ValueError("the facts are about another token")
    try:
        Ed25519PublicKey.from_public_bytes(device_key).verify(unb64u(signed.device_signature), digest)
    except InvalidSignature:
        raise ValueError("the device's signature does not hold") from None
    if signed.passkey is not None:
        key, origin = unb64u(document["passkey"]["publicKey"]), document["device"]["extensionOrigin"]
        # The counter was checked when the passkey signed; offline any counter is good.
        if verify_assertion(signed.passkey, digest, origin, key, 0) is None:
            raise ValueError("the passkey's signature does not hold")
    return signed
