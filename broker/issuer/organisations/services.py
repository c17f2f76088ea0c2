"""Keys and settings of an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Row, insert, select, update

from broker.core.clock import DAY_MS
from broker.core.errors import LedgerError
from broker.core.ids import new_secret, secret_hash
from broker.core.text import plain_text
from broker.issuer.auth import Actor
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.organisations.tables import api_keys, organisations
from broker.protocol.facts import ApprovalSetting
from broker.storage import Transaction

_PREFIXES = {"backend": "lk_test_", "acquirer": "aq_test_"}
APPROVALS: tuple[ApprovalSetting, ...] = ("step-up", "passkey", "click")
MAX_EXPIRY_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as its creator sees it, once."""

    id: str
    secret: str


def create_organisation(tx: Transaction, context: Context, name: str) -> str:
    """A new organisation with the strict defaults; returns its id."""
    org_id = context.ids.new("org")
    now = context.now()
    tx.sql.execute(
        insert(organisations).values(
            id=org_id, name=name, approval="step-up", step_up_above=context.settings.step_up_above, raw_pan_enabled=False, created_at=now
        )
    )
    record(tx, now, "person:organisation:created", org_id)
    return org_id


async def create_key(
    context: Context, actor: Actor, org_id: str, kind: Literal["backend", "acquirer"], name: str, expires_in_days: int | None
) -> NewKey:
    """Create a key; only its hash and the first characters are kept."""
    label = plain_text(name, 100)
    if not label:
        raise LedgerError(400, "name_missing", "The key needs a name.", "Say where it will be used.")
    if expires_in_days is not None and not 1 <= expires_in_days <= MAX_EXPIRY_DAYS:
        raise LedgerError(
            400, "invalid_expiry", "The expiry must be 1 to 3650 days away.", "Leave it empty for a key that does not expire."
        )
    secret = new_secret(_PREFIXES[kind])
    now = context.now()
    key_id = context.ids.new("key")
    expires = None if expires_in_days is None else now + expires_in_days * DAY_MS

    def job(tx: Transaction) -> None:
        tx.sql.execute(
            insert(api_keys).values(
                id=key_id,
                org_id=org_id,
                kind=kind,
                name=label,
                prefix=secret[:12],
                hash=secret_hash(secret),
                created_at=now,
                expires_at=expires,
            )
        )
        record(tx, now, f"{actor.source}:api-key:created", org_id, actor=actor.id, key=key_id, kind=kind, expiresAt=expires)

    await context.write(job)
    return NewKey(key_id, secret)


async def revoke_key(context: Context, actor: Actor, org_id: str, key_id: str) -> None:
    """Revoke a key, effective at its next use."""
    now = context.now()

    def job(tx: Transaction) -> LedgerError | None:
        changed = tx.sql.execute(
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.org_id == org_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        if changed.rowcount == 0:
            return LedgerError(404, "not_found", "There is no such active key.", "Reload the page.")
        record(tx, now, f"{actor.source}:api-key:revoked", org_id, actor=actor.id, key=key_id)
        return None

    await context.write(job)


def list_keys(connection: Connection, org_id: str) -> list[Row[tuple[object, ...]]]:
    """All keys of an organisation, newest first."""
    return list(connection.execute(select(api_keys).where(api_keys.c.org_id == org_id).order_by(api_keys.c.id.desc())).all())


def get_organisation(connection: Connection, org_id: str) -> Row[tuple[object, ...]]:
    """The organisation's row."""
    return connection.execute(select(organisations).where(organisations.c.id == org_id)).one()


async def change_approval(context: Context, actor: Actor, org_id: str, approval: str, step_up_above: int) -> None:
    """Choose what an approval must be proven by."""
    if approval not in APPROVALS or not 0 <= step_up_above <= 99_999_999_99:
        raise LedgerError(400, "invalid_setting", "That approval setting does not exist.", "Choose passkey, step-up or click.")
    await _change(context, actor, org_id, approval=approval, step_up_above=step_up_above)


async def change_raw_pan(context: Context, actor: Actor, org_id: str, enabled: bool) -> None:
    """Allow or forbid cards whose number the API answers (`rawPan`)."""
    await _change(context, actor, org_id, raw_pan_enabled=enabled)


async def _change(context: Context, actor: Actor, org_id: str, **values: str | int | bool) -> None:
    now = context.now()

    def job(tx: Transaction) -> None:
        tx.sql.execute(update(organisations).where(organisations.c.id == org_id).values(**values))
        record(tx, now, f"{actor.source}:settings:changed", org_id, actor=actor.id, **values)

    await context.write(job)
