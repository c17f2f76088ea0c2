"""Enrol an egress's public key, proven by the code a person typed beside it."""

from __future__ import annotations

import sqlite3

from sqlalchemy import insert, select, update

from broker.core.canonical import b64u, unb64u
from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.issuer.brokers.proven import Proven, prove, sealing_key
from broker.issuer.brokers.tables import egress_keys
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.organisations.services import get_organisation
from broker.protocol.issuer_api import EgressEnrolled, EnrolEgress
from broker.protocol.sealing import key_id
from broker.storage import Transaction

_MOST_KEYS = 20
_OF_BROKER = "FROM egress_keys WHERE org_id = ? AND broker_id = ? AND revoked_at IS NULL"
_KEY_IDS = f"SELECT sealing_key_id {_OF_BROKER} ORDER BY enrolled_at DESC, id LIMIT ?"
_KEY = f"SELECT sealing_key {_OF_BROKER} AND sealing_key_id = ?"


def egress_key_ids(raw: sqlite3.Connection, org_id: str, broker_id: str) -> tuple[str, ...]:
    """The keys that a decision made through this broker may name in surrogate mode, the newest first."""
    return tuple(row[0] for row in raw.execute(_KEY_IDS, (org_id, broker_id, _MOST_KEYS)))


def find_egress_key(raw: sqlite3.Connection, org_id: str, broker_id: str, name: str) -> bytes | None:
    """The raw X25519 key of that name, if it is enrolled beside this broker and not revoked: asked inside the write job."""
    row = raw.execute(_KEY, (org_id, broker_id, name)).fetchone()
    return row[0] if row else None


def _sealing_key(body: EnrolEgress) -> bytes:
    try:
        key = sealing_key(body.sealing_key)
        unb64u(body.nonce)
    except ValueError:
        raise LedgerError(422, "bad_key", "The egress sent a key that cannot be used.", "Remove its key file and enrol again.") from None
    return key


async def enrol_egress(context: Context, broker_id: str, body: EnrolEgress) -> EgressEnrolled:
    """Enrol an egress key for the organisation of the broker that brings it; a known one is renewed."""
    key, now = _sealing_key(body), context.now()

    def job(tx: Transaction) -> EgressEnrolled | LedgerError:
        proven = prove(tx, context, broker_id, "egress", "egress", body, now)
        if isinstance(proven, LedgerError):
            return proven
        return _answer(tx, _store(tx, context, body.name, key, proven, now), key, proven)

    return await context.write(job)


def _store(tx: Transaction, context: Context, name: str, key: bytes, proven: Proven, now: int) -> str:
    broker, code = proven.broker, proven.code
    same = (egress_keys.c.org_id == broker.org_id) & (egress_keys.c.sealing_key == key) & egress_keys.c.revoked_at.is_(None)
    known = tx.sql.execute(select(egress_keys.c.id).where(same)).scalar()
    values = {"broker_id": broker.id, "name": plain_text(name, 100) or "egress", "enrolled_at": now}
    egress_id = known or context.ids.new("egr")
    if known:
        tx.sql.execute(update(egress_keys).where(egress_keys.c.id == known).values(**values))
    else:
        new = {"id": egress_id, "org_id": broker.org_id, "sealing_key": key, "sealing_key_id": key_id(key), **values}
        tx.sql.execute(insert(egress_keys).values(**new))
    record(
        tx, now, "egress:egress:enrolled", broker.org_id, egress=egress_id, broker=broker.id, by=code.created_by, enrolment=code.id,
        sealingKey=b64u(key), renewed=True if known else None,
    )  # fmt: skip
    return egress_id


def _answer(tx: Transaction, egress_id: str, key: bytes, proven: Proven) -> EgressEnrolled:
    name = get_organisation(tx.sql, proven.broker.org_id).name
    answer = {"egressId": egress_id, "keyId": key_id(key), "brokerId": proven.broker.id, "organisationName": name}
    return EgressEnrolled.model_validate(proven.answer(answer))
