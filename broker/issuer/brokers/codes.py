"""Enrolment codes: 80 random bits, shown once, ten minutes, one use, five tries (`protocol.proof`)."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from sqlalchemy import Row, insert, select, update

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer.auth import Actor
from broker.issuer.brokers.tables import enrolment_codes
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.protocol.proof import CODE_LIFE_MS, CODE_TRIES, code_id, new_code, normalise_code, proof_key
from broker.storage import Transaction

Kind = Literal["broker", "browser", "egress"]
BAD_CODE = (403, "bad_code", "The enrolment code is wrong, used or expired.", "Create a new code in the dashboard, Brokers & browsers.")


async def create_code(context: Context, actor: Actor, org_id: str, kind: Kind) -> str:
    """A new code, to be shown to the signed-in person once."""
    code = new_code(context.randomness)
    key = b"" if kind == "broker" else await asyncio.to_thread(proof_key, code, "enrolment")
    name = code_id(key) if key else presented(code)
    now = context.now()

    def job(tx: Transaction) -> None:
        enrolment_id = context.ids.new("enr")
        tx.sql.execute(
            insert(enrolment_codes).values(
                id=enrolment_id, org_id=org_id, kind=kind, code_id=name, proof_key=context.vault.conceal(name, key), created_by=actor.id,
                created_at=now, expires_at=now + CODE_LIFE_MS, tries=0,
            )
        )  # fmt: skip
        record(tx, now, f"{actor.source}:enrolment-code:created", org_id, actor=actor.id, enrolment=enrolment_id, kind=kind)

    await context.write(job)
    return code


def presented(code: str) -> str:
    """The name under which a broker's code is kept, which never travels; ``ValueError`` for what cannot be a code.

    A broker presents its code itself, over mutual TLS, so nothing is proven with it. It is not stretched:
    every holder of a certificate could otherwise have LedgerOS stretch whatever it sends.
    """
    return b64u(secret_hash(normalise_code(code)))


def open_code(tx: Transaction, name: str, kind: Kind, now: int) -> Row[Any] | LedgerError:
    """The usable code called `name`, or the refusal: one answer for wrong, used, expired and of another kind."""
    row = tx.sql.execute(select(enrolment_codes).where(enrolment_codes.c.code_id == name)).first()
    if row is None or row.kind != kind or row.used_at is not None or row.expires_at <= now or row.tries >= CODE_TRIES:
        return LedgerError(*BAD_CODE)
    return row


def use(tx: Transaction, enrolment_id: str, now: int) -> bool:
    """Use a code up in one conditional write."""
    unused = (enrolment_codes.c.id == enrolment_id) & enrolment_codes.c.used_at.is_(None)
    return tx.sql.execute(update(enrolment_codes).where(unused).values(used_at=now)).rowcount == 1


def failed_try(tx: Transaction, row: Row[Any], now: int, broker_id: str) -> LedgerError:
    """Count a wrong proof against the code it named."""
    tx.sql.execute(update(enrolment_codes).where(enrolment_codes.c.id == row.id).values(tries=row.tries + 1))
    record(tx, now, "alarm:enrolment-code:failed", row.org_id, enrolment=row.id, broker=broker_id, tries=row.tries + 1)
    return LedgerError(*BAD_CODE)
