"""Receipts: made from what a redeem kept, and verified without LedgerOS."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from sqlalchemy import Connection, select

from broker.core.canonical import b64u, digest, unb64u
from broker.core.errors import LedgerError
from broker.issuer.brokers.tables import devices, passkeys
from broker.issuer.brokers.webauthn_check import verify_assertion
from broker.issuer.context import Context
from broker.issuer.intents.tables import intent_introspections
from broker.issuer.redeem.tables import decisions, introspections
from broker.protocol.decision import DECISION_DOMAIN, Decision
from broker.protocol.facts import Facts, verify_facts
from broker.protocol.receipt import Receipt, ledgeros_signed, sign_receipt


def receipt(connection: Connection, context: Context, org_id: str, release_id: str) -> dict[str, Any]:
    """The stored decision of a redeemed release, with the public keys and the facts it was made on, signed by LedgerOS."""
    row = connection.execute(select(decisions).where(decisions.c.org_id == org_id, decisions.c.release_id == release_id)).first()
    if row is None:
        raise LedgerError(404, "release_not_found", "There is no redeemed release of that id.", "Check the id.")
    device = connection.execute(select(devices).where(devices.c.id == row.device_id)).one()
    passkey = connection.execute(select(passkeys).where(passkeys.c.id == row.passkey_id)).first()
    issued = introspections if row.intent_id is None else intent_introspections
    facts = connection.execute(select(issued.c.facts).where(issued.c.facts_hash == row.facts_hash)).scalar_one()
    unsigned = {
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
        "approval": row.approval, "brokerId": row.broker_id, "intentId": row.intent_id, "grantId": row.grant_id,
        "redeems": row.redeems, "redeemedAt": row.redeemed_at, "outcome": row.outcome,
        "outcomeFields": None if row.outcome_fields is None else json.loads(row.outcome_fields), "outcomeAt": row.outcome_at,
        "issuedAt": context.now(),
    }  # fmt: skip
    return sign_receipt(unsigned, context.keys.signing)


@dataclass(frozen=True, slots=True)
class Verified:
    """A receipt that holds, with the facts that the person was shown."""

    receipt: Receipt
    facts: Facts

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return self.receipt.signed.decision


def verify_receipt(document: Any, issuer_key: bytes, device_key: bytes | None = None) -> Verified:
    """Verify a receipt without LedgerOS, against keys (32 bytes each) pinned elsewhere; `ValueError` names what does not hold.

    Without `device_key` the browser's key is the one that LedgerOS says it enrolled.
    """
    try:
        receipt = Receipt.model_validate(_completed(document))
    except ValidationError:
        raise ValueError("it is not a receipt of this version") from None
    if not ledgeros_signed(document, issuer_key):
        raise ValueError("LedgerOS's signature does not hold")
    facts = verify_facts(receipt.facts, Ed25519PublicKey.from_public_bytes(issuer_key))
    if unb64u(receipt.digest) != digest(DECISION_DOMAIN, document["signed"]["decision"]):
        raise ValueError("the receipt is about another decision than the one in it")
    _verify_binding(receipt, facts)
    _verify_device(receipt, device_key or unb64u(receipt.device.signing_key))
    _verify_passkey(receipt)
    return Verified(receipt, facts)


def _completed(document: Any) -> Any:
    """`document` with what decisions did not say before a subscription had to be approved as one. What is signed is what came."""
    try:
        signed = document["signed"]
        return {**document, "signed": {**signed, "decision": {"reason": "one-time", **signed["decision"]}}}
    except (KeyError, TypeError):
        return document


def _verify_binding(receipt: Receipt, facts: Facts) -> None:
    decision = receipt.signed.decision
    about = {
        "another release": receipt.release_id == decision.release_id,
        "another access event": decision.access_event_id in (None, receipt.access_event_id),
        "another broker": receipt.broker_id == decision.broker_id,
        "another browser": receipt.device.id == decision.device_id,
        "other facts": decision.facts_hash == b64u(hashlib.sha256(receipt.facts.encode()).digest()),
        "another token": facts.token_hash == decision.token_hash,
        "another intent": receipt.intent_id == decision.intent_id and decision.intent_id in (None, facts.intent_id),
        "another standing rule": receipt.grant_id == decision.grant_id,
        "another reason": facts.reason == decision.reason,
        "another card": (facts.card_id, facts.last4) == (decision.card_id, decision.last4),
    }
    wrong = next((what for what, holds in about.items() if not holds), None)
    if wrong is not None:
        raise ValueError(f"the receipt is about {wrong} than the decision")


def _verify_device(receipt: Receipt, key: bytes) -> None:
    signed = receipt.signed
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(unb64u(signed.device_signature), unb64u(receipt.digest))
    except (ValueError, InvalidSignature):
        raise ValueError("the browser's signature does not hold") from None


def _verify_passkey(receipt: Receipt) -> None:
    assertion, passkey = receipt.signed.passkey, receipt.passkey
    if (assertion is None) != (passkey is None):
        raise ValueError("the passkey and its signature do not come together")
    if assertion is None or passkey is None:
        return
    challenge, origin, key = unb64u(receipt.digest), receipt.device.extension_origin, unb64u(passkey.public_key)
    # The counter was checked when the passkey signed; offline any counter is good.
    if assertion.credential_id != passkey.credential_id or verify_assertion(assertion, challenge, origin, key, 0) is None:
        raise ValueError("the passkey's signature does not hold")
