"""Applications and their outcome."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from broker.core.errors import LedgerError
from broker.core.ids import new_secret, secret_hash
from broker.core.text import plain_text
from broker.issuer.auth import Actor, Principal
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.transactions.tables import transactions
from broker.issuer.users.models import InitiateApplication
from broker.issuer.users.tables import billing_addresses, users
from broker.protocol.billing import BillingAddress
from broker.storage import Transaction

Outcome = Literal["approved", "denied", "needsInformation"]
OPEN = ("pending", "needsInformation")


async def initiate(context: Context, principal: Principal, body: InitiateApplication) -> dict[str, Any]:
    """A pending user and the link where they complete KYC; the link's token is stored hashed."""
    first, last = plain_text(body.first_name, 100), plain_text(body.last_name, 100)
    if not first or not last:
        raise LedgerError(400, "invalid_request", "firstName, lastName: must hold visible text", "Send the person's name.")
    user_id, token, now = context.ids.new("user"), new_secret(""), context.now()

    def job(tx: Transaction) -> None:
        tx.sql.execute(
            insert(users).values(
                id=user_id, org_id=principal.org_id, first_name=first, last_name=last, email=body.email, application_status="pending",
                link_hash=secret_hash(token), credit_limit=context.settings.credit_limit, created_at=now,
            )
        )  # fmt: skip
        record(tx, now, f"{principal.actor.source}:user:initiated", principal.org_id, actor=principal.actor.id, user=user_id)

    await context.write(job)
    return {
        "id": user_id, "firstName": first, "lastName": last, "email": body.email, "applicationStatus": "pending",
        "applicationCompletionLink": f"{context.addresses.public_url}/kyc/{token}",
    }  # fmt: skip


def _visible(address: BillingAddress) -> BillingAddress:
    """The address on plain lines: it goes into forms of strangers, and a person reads it there."""
    plain = {name: plain_text(value, 100) if isinstance(value, str) else value for name, value in address.wire().items()}
    return BillingAddress.read(plain)


async def set_billing_address(context: Context, actor: Actor, org_id: str, user_id: str, address: BillingAddress) -> dict[str, Any]:
    """Keep where a user is billed, in place of what was there: cards of theirs carry it from now on. The log has no address."""
    plain, now = _visible(address), context.now()

    def job(tx: Transaction) -> None:
        find_user(tx.sql, org_id, user_id)
        tx.sql.execute(delete(billing_addresses).where(billing_addresses.c.user_id == user_id))
        tx.sql.execute(insert(billing_addresses).values(user_id=user_id, address=plain.canonical().decode()))
        record(tx, now, f"{actor.source}:user:address-set", org_id, actor=actor.id, user=user_id)

    await context.write(job)
    return plain.wire()


async def remove_billing_address(context: Context, actor: Actor, org_id: str, user_id: str) -> None:
    """Forget where a user is billed, if anything was known."""
    now = context.now()

    def job(tx: Transaction) -> None:
        find_user(tx.sql, org_id, user_id)
        if tx.sql.execute(delete(billing_addresses).where(billing_addresses.c.user_id == user_id)).rowcount:
            record(tx, now, f"{actor.source}:user:address-removed", org_id, actor=actor.id, user=user_id)

    await context.write(job)


def has_billing_address(connection: Connection, user_id: str) -> bool:
    """Whether it is known where a user is billed; what is known goes out with cards only."""
    query = select(billing_addresses.c.user_id).where(billing_addresses.c.user_id == user_id)
    return connection.execute(query).first() is not None


def applicant(connection: Connection, token: str) -> Row[Any] | None:
    """The user whose KYC link holds `token`."""
    return connection.execute(select(users).where(users.c.link_hash == secret_hash(token))).first()


async def complete(context: Context, token: str, outcome: Outcome) -> None:
    """The application's outcome: approved and denied are final, needsInformation can be completed again."""
    now = context.now()

    def job(tx: Transaction) -> LedgerError | None:
        row = tx.sql.execute(
            update(users)
            .where(users.c.link_hash == secret_hash(token), users.c.application_status.in_(OPEN))
            .values(application_status=outcome, decided_at=now)
            .returning(users.c.id, users.c.org_id)
        ).first()
        if row is None:
            return LedgerError(409, "application_decided", "This application is already decided.", "Nothing more is needed here.")
        record(tx, now, f"applicant:user:{'needs-information' if outcome == 'needsInformation' else outcome}", row.org_id, user=row.id)
        return None

    await context.write(job)


def find_user(connection: Connection, org_id: str, user_id: str) -> Row[Any]:
    """The user, or 404."""
    row = connection.execute(select(users).where(users.c.id == user_id, users.c.org_id == org_id)).first()
    if row is None:
        raise LedgerError(404, "user_not_found", "There is no such user.", "Check the user id.")
    return row


def user_answer(row: Row[Any]) -> dict[str, Any]:
    """A user on the wire."""
    return {
        "id": row.id, "firstName": row.first_name, "lastName": row.last_name, "email": row.email,
        "applicationStatus": row.application_status, "createdAt": row.created_at,
    }  # fmt: skip


def balance(connection: Connection, user: Row[Any]) -> dict[str, Any]:
    """What a user has spent and may still spend; spendingPower = creditLimit − pending − posted."""
    pending = func.coalesce(func.sum(case((transactions.c.status == "pending", transactions.c.amount))), 0)
    posted = func.coalesce(func.sum(case((transactions.c.status == "completed", transactions.c.amount))), 0)
    sums = connection.execute(select(pending, posted).where(transactions.c.user_id == user.id)).one()
    return {
        "userId": user.id, "creditLimit": user.credit_limit, "pendingCharges": sums[0], "postedCharges": sums[1],
        "balanceDue": sums[1], "spendingPower": user.credit_limit - sums[0] - sums[1],
    }  # fmt: skip
