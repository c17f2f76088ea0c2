"""Receipts as LedgerOS makes them, from what a redeem or a denial kept; `offline` and `offline_denial` verify them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.issuer.brokers.tables import devices, passkeys
from broker.issuer.context import Context
from broker.issuer.grants.tables import grants
from broker.issuer.intents.tables import intent_introspections
from broker.issuer.redeem.tables import decisions, denials, introspections
from broker.protocol.receipt import sign_receipt

_ISSUED = (introspections, intent_introspections)  # a hash of facts is in one of them


def receipt(connection: Connection, context: Context, org_id: str, release_id: str) -> dict[str, Any]:
    """The stored decision of a redeemed release, else its stored denial, with the public keys and the facts it was made on.

    LedgerOS signs it. `LedgerError` 404 where neither was signed.
    """
    noes = select(denials).where(denials.c.org_id == org_id, denials.c.release_id == release_id)
    noes = noes.order_by(denials.c.reported_at, denials.c.digest)
    of_release = (decisions.c.org_id == org_id, decisions.c.release_id == release_id)
    decision = connection.execute(select(decisions).where(*of_release)).first()
    if decision is not None:
        unsigned = _approved(connection, decision, connection.execute(noes.where(*_stops(decision))).first())
    elif (denial := connection.execute(noes).first()) is not None:
        unsigned = _denied(connection, denial)
    else:
        raise LedgerError(404, "release_not_found", "There is no release of that id with a signed decision or denial.", "Check the id.")
    own = b64u(context.keys.signing.public_key().public_bytes_raw())
    return sign_receipt({**unsigned, "version": 1, "issuerKey": own, "issuedAt": context.now()}, context.keys.signing)


def _stops(decision: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """Of the noes to a release those that took back this decision; another browser's, or one of before, are not about it."""
    return denials.c.said == "stopped", denials.c.device_id == decision.device_id, denials.c.facts_hash == decision.facts_hash


def _approved(connection: Connection, row: Row[Any], stop: Row[Any] | None) -> dict[str, Any]:
    return {
        "object": "receipt", **_said(connection, row), "accessEventId": row.access_event_id,
        "passkey": row.passkey_id and _passkey(connection, row.passkey_id),
        "approval": row.approval, "brokerId": row.broker_id, "intentId": row.intent_id, "grantId": row.grant_id,
        "grant": row.grant_id and _grant(connection, row.grant_id), "redeems": row.redeems, "redeemedAt": row.redeemed_at,
        "outcome": row.outcome, "outcomeFields": None if row.outcome_fields is None else json.loads(row.outcome_fields),
        "outcomeAt": row.outcome_at, "stop": None if stop is None else json.loads(stop.signed),
    }  # fmt: skip


def _denied(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    about = {"accessEventId": row.access_event_id, "intentId": row.intent_id, "brokerId": row.broker_id, "reportedAt": row.reported_at}
    return {"object": "denial_receipt", **_said(connection, row), **about}


def _said(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    """What a browser signed, on which facts; `row` is a decision's or a denial's."""
    kept = (connection.execute(select(issued.c.facts).where(issued.c.facts_hash == row.facts_hash)).scalar() for issued in _ISSUED)
    return {
        "releaseId": row.release_id, "digest": b64u(row.digest), "signed": json.loads(row.signed),
        "facts": next(facts for facts in kept if facts is not None), "device": _device(connection, row.device_id),
    }  # fmt: skip


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
