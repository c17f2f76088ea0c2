"""Receipts as LedgerOS makes them, from what a redeem kept; `offline` verifies them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, select

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.issuer.brokers.tables import devices, passkeys
from broker.issuer.context import Context
from broker.issuer.grants.tables import grants
from broker.issuer.intents.tables import intent_introspections
from broker.issuer.redeem.tables import decisions, introspections
from broker.protocol.receipt import sign_receipt


def receipt(connection: Connection, context: Context, org_id: str, release_id: str) -> dict[str, Any]:
    """The stored decision of a redeemed release, with the public keys and the facts it was made on, signed by LedgerOS."""
    row = connection.execute(select(decisions).where(decisions.c.org_id == org_id, decisions.c.release_id == release_id)).first()
    if row is None:
        raise LedgerError(404, "release_not_found", "There is no redeemed release of that id.", "Check the id.")
    issued = introspections if row.intent_id is None else intent_introspections
    facts = connection.execute(select(issued.c.facts).where(issued.c.facts_hash == row.facts_hash)).scalar_one()
    unsigned = {
        "object": "receipt", "version": 1, "releaseId": row.release_id, "accessEventId": row.access_event_id, "digest": b64u(row.digest),
        "signed": json.loads(row.signed), "facts": facts, "issuerKey": b64u(context.keys.signing.public_key().public_bytes_raw()),
        "device": _device(connection, row.device_id), "passkey": row.passkey_id and _passkey(connection, row.passkey_id),
        "approval": row.approval, "brokerId": row.broker_id, "intentId": row.intent_id, "grantId": row.grant_id,
        "grant": row.grant_id and _grant(connection, row.grant_id), "redeems": row.redeems, "redeemedAt": row.redeemed_at,
        "outcome": row.outcome, "outcomeFields": None if row.outcome_fields is None else json.loads(row.outcome_fields),
        "outcomeAt": row.outcome_at, "issuedAt": context.now(),
    }  # fmt: skip
    return sign_receipt(unsigned, context.keys.signing)


def _device(connection: Connection, device_id: str) -> dict[str, Any]:
    row = connection.execute(select(devices).where(devices.c.id == device_id)).one()
    return {
        "id": row.id, "name": row.name, "extensionOrigin": row.extension_origin, "signingKey": b64u(row.signing_key), **_life(row),
    }  # fmt: skip


def _passkey(connection: Connection, passkey_id: str) -> dict[str, Any]:
    row = connection.execute(select(passkeys).where(passkeys.c.id == passkey_id)).one()
    return {"id": row.id, "credentialId": row.credential_id, "publicKey": b64u(row.public_key), **_life(row)}


def _life(row: Row[Any]) -> dict[str, int | None]:
    return {"enrolledAt": row.enrolled_at, "revokedAt": row.revoked_at}


def _grant(connection: Connection, grant_id: str) -> dict[str, Any]:
    row = connection.execute(select(grants.c.signed, grants.c.passkey_id).where(grants.c.id == grant_id)).one()
    return {"signed": json.loads(row.signed), "passkey": _passkey(connection, row.passkey_id)}
