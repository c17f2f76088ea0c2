"""Enrol a broker; list and revoke brokers, devices, passkeys and egress keys."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.issuer.auth import Actor
from broker.issuer.brokers import codes
from broker.issuer.brokers.tables import brokers, devices, egress_keys, passkeys
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.organisations.services import get_organisation
from broker.protocol.issuer_api import BrokerEnrolled, EnrolBroker
from broker.protocol.sealing import key_id
from broker.storage import Transaction

Thing = Literal["broker", "device", "passkey", "egress"]
_TABLES = {"broker": brokers, "device": devices, "passkey": passkeys, "egress": egress_keys}
_WORDS = {"egress": "egress key"}
NOT_ENROLLED = (
    403, "broker_not_enrolled", "This broker is not enrolled.",
    "Create a broker code in the dashboard, Brokers & browsers, and enrol with it.",
)  # fmt: skip


async def enrol_broker(context: Context, broker_id: str, body: EnrolBroker) -> BrokerEnrolled:
    """Enrol the broker that holds the certificate of `broker_id`, under a code for brokers."""
    try:
        name = codes.presented(body.code)
    except ValueError:
        raise LedgerError(*codes.BAD_CODE) from None
    now, label = context.now(), plain_text(body.name, 100) or "broker"

    def job(tx: Transaction) -> BrokerEnrolled | LedgerError:
        code = codes.open_code(tx, name, "broker", now)
        if isinstance(code, LedgerError):
            return _refused(tx, broker_id, code, now)
        known = tx.sql.execute(select(brokers).where(brokers.c.id == broker_id)).first()
        if known is not None and known.org_id != code.org_id:
            error = LedgerError(
                409, "enrolled_elsewhere", "This broker acts for another organisation.", "Give it a certificate with a new id."
            )
            return _refused(tx, broker_id, error, now)
        if not codes.use(tx, code.id, now):
            return _refused(tx, broker_id, LedgerError(*codes.BAD_CODE), now)
        values = {"name": label, "enrolled_at": now, "revoked_at": None}
        if known is None:
            tx.sql.execute(insert(brokers).values(id=broker_id, org_id=code.org_id, **values))
        else:
            tx.sql.execute(update(brokers).where(brokers.c.id == broker_id).values(**values))
        record(tx, now, "broker:broker:enrolled", code.org_id, broker=broker_id, enrolment=code.id, by=code.created_by)
        return BrokerEnrolled(broker_id=broker_id, organisation_name=get_organisation(tx.sql, code.org_id).name)

    return await context.write(job)


def _refused(tx: Transaction, broker_id: str, error: LedgerError, now: int) -> LedgerError:
    record(tx, now, "broker:enrolment:refused", None, broker=broker_id, reason=error.code)
    return error


def active_broker(connection: Connection, broker_id: str) -> Row[Any] | None:
    """The enrolled, unrevoked broker of that id."""
    return connection.execute(select(brokers).where(brokers.c.id == broker_id, brokers.c.revoked_at.is_(None))).first()


def revoke_now(tx: Transaction, actor: Actor, thing: Thing, thing_id: str, now: int, org_id: str | None = None) -> LedgerError | None:
    """Revoke inside a transaction; `org_id` None is for the installation's own operator (CLI)."""
    table = _TABLES[thing]
    query = (table.c.id == thing_id) & table.c.revoked_at.is_(None)
    if org_id is not None:
        query &= table.c.org_id == org_id
    row = tx.sql.execute(update(table).where(query).values(revoked_at=now).returning(table.c.org_id)).first()
    if row is None:
        return LedgerError(404, f"{thing}_not_found", f"There is no such active {_WORDS.get(thing, thing)}.", "Reload the list.")
    record(tx, now, f"{actor.source}:{thing}:revoked", row.org_id, actor=actor.id, **{thing: thing_id})
    return None


async def revoke(context: Context, actor: Actor, org_id: str, thing: Thing, thing_id: str) -> None:
    """Revoke a broker, device, passkey or egress key; effective at its next use."""
    now = context.now()
    await context.write(lambda tx: revoke_now(tx, actor, thing, thing_id, now, org_id))


_PUBLIC = {"device": "signing_key", "passkey": "public_key"}
_KEYS = {"signing_key", "sealing_key", "public_key"}


def listed(connection: Connection, thing: Thing, org_id: str | None = None) -> list[dict[str, Any]]:
    """Enrolled things, newest first; `org_id` None lists all organisations' (CLI).

    Browsers and passkeys come with the `public_key` (base64url) that verifies what they signed, and its `key_id`: a reviewer pins it.
    """
    table = _TABLES[thing]
    query = select(table).order_by(table.c.enrolled_at.desc(), table.c.id)
    if org_id is not None:
        query = query.where(table.c.org_id == org_id)
    return [_line(thing, row) for row in connection.execute(query)]


def _line(thing: Thing, row: Row[Any]) -> dict[str, Any]:
    columns = row._mapping  # noqa: SLF001
    line = {name: value for name, value in columns.items() if name not in _KEYS}
    if thing in _PUBLIC:
        key = columns[_PUBLIC[thing]]
        line.update(public_key=b64u(key), key_id=key_id(key))
    return line
