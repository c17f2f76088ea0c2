"""Create, decide, fit and match intents."""

from __future__ import annotations

import json
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, or_, select, update

from broker.core.clock import MINUTE_MS
from broker.core.errors import LedgerError
from broker.issuer.agents.tables import agents
from broker.issuer.auth import Actor, Principal, out_of_scope
from broker.issuer.cards.services import effective_status as card_status
from broker.issuer.cards.services import find_card
from broker.issuer.context import Context
from broker.issuer.details.rules import blocked_reason, merchant_key, shown_words
from broker.issuer.events.services import record
from broker.issuer.intents.models import CreateIntent
from broker.issuer.intents.tables import intents
from broker.issuer.users.tables import users
from broker.storage import Transaction

OPEN = ("pending_approval", "pending")
_TARGETS = {"approve": "pending", "reject": "rejected", "cancel": "canceled"}
_SAME = ("summary", "expected_amount", "expected_currency", "expected_merchant", "reason", "tolerance")


async def create(context: Context, principal: Principal, card_id: str, body: CreateIntent) -> dict[str, Any]:
    """A new intent for a card, or the one that has the caller's `intentId` already."""
    values, now = _values(context, body), context.now()
    new_id = context.ids.new("int")

    def job(tx: Transaction) -> dict[str, Any] | LedgerError:
        card = find_card(tx.sql, principal, card_id)
        known = _by_name(tx.sql, card.id, body.intent_id)
        if known is not None:
            return intent_answer(known, now) if _is_same(known, values) else _name_taken()
        refusal = _blocked(tx.sql, card, now)
        if refusal is not None:
            return refusal
        owner = {"org_id": card.org_id, "card_id": card.id, "agent_id": card.agent_id, "external_id": body.intent_id}
        times = {"created_at": now, "expires_at": now + body.ttl_minutes * MINUTE_MS}
        tx.sql.execute(insert(intents).values(id=new_id, status="pending_approval", **owner, **values, **times))
        actor = principal.actor
        record(
            tx, now, f"{actor.source}:intent:created", card.org_id, actor=actor.id, intent=new_id, card=card.id, agent=card.agent_id,
            expectedAmount=body.expected_amount, currency=body.expected_currency, paymentReason=body.reason,
            expiresAt=times["expires_at"],
        )  # fmt: skip
        return intent_answer(tx.sql.execute(select(intents).where(intents.c.id == new_id)).one(), now)

    return await context.write(job)


def _values(context: Context, body: CreateIntent) -> dict[str, Any]:
    if body.expected_currency != context.settings.currency:
        raise LedgerError(
            422, "currency_not_supported", "This card cannot be charged in that currency.", f"Ask in {context.settings.currency}."
        )
    summary = shown_words(body.summary)
    if not summary:
        raise LedgerError(400, "invalid_request", "summary: must hold visible text", "Say what is bought, for the person who approves.")
    merchant = None if body.expected_merchant is None else shown_words(body.expected_merchant) or None
    return {
        "summary": summary, "expected_amount": body.expected_amount, "expected_currency": body.expected_currency,
        "expected_merchant": merchant, "merchant_key": merchant_key(merchant), "reason": body.reason, "tolerance": body.tolerance,
        "metadata": None if body.metadata is None else json.dumps(body.metadata),
    }  # fmt: skip


def _by_name(connection: Connection, card_id: str, name: str | None) -> Row[Any] | None:
    if name is None:
        return None
    return connection.execute(select(intents).where(intents.c.card_id == card_id, intents.c.external_id == name)).first()


def _is_same(row: Row[Any], values: dict[str, Any]) -> bool:
    return all(getattr(row, name) == values[name] for name in _SAME)


def _name_taken() -> LedgerError:
    return LedgerError(409, "intent_exists", "Another intent of this card has that intentId.", "Use a new intentId for a new purchase.")


def _blocked(connection: Connection, card: Row[Any], now: int) -> LedgerError | None:
    user = connection.execute(select(users.c.application_status).where(users.c.id == card.user_id)).scalar_one()
    agent = connection.execute(select(agents.c.status).where(agents.c.id == card.agent_id)).scalar_one()
    return blocked_reason(user, agent, card_status(card, now))


def find_intent(connection: Connection, principal: Principal, intent_id: str) -> Row[Any]:
    """The intent if this caller may see it."""
    row = connection.execute(select(intents).where(intents.c.id == intent_id, intents.c.org_id == principal.org_id)).first()
    if principal.agent_id is not None and (row is None or row.agent_id != principal.agent_id):
        raise out_of_scope()
    if row is None:
        raise _not_found()
    return row


def _not_found() -> LedgerError:
    return LedgerError(404, "intent_not_found", "There is no such intent.", "Check the id.")


async def decide(context: Context, principal: Principal, intent_id: str, verb: Literal["approve", "reject", "cancel"]) -> dict[str, Any]:
    """Approve, reject or cancel an open intent. Approving is bookkeeping: a card opens under a signed decision only."""
    now = context.now()

    def job(tx: Transaction) -> dict[str, Any] | LedgerError:
        refusal = _move(tx, principal.actor, find_intent(tx.sql, principal, intent_id), verb, now)
        return refusal or intent_answer(find_intent(tx.sql, principal, intent_id), now)

    return await context.write(job)


async def reject(context: Context, actor: Actor, org_id: str, intent_id: str) -> None:
    """Reject an open intent of the organisation, for a signed-in person; `LedgerError` 404 or 409."""
    now = context.now()

    def job(tx: Transaction) -> LedgerError | None:
        row = tx.sql.execute(select(intents).where(intents.c.id == intent_id, intents.c.org_id == org_id)).first()
        return _not_found() if row is None else _move(tx, actor, row, "reject", now)

    await context.write(job)


def _move(tx: Transaction, actor: Actor, row: Row[Any], verb: Literal["approve", "reject", "cancel"], now: int) -> LedgerError | None:
    refusal = intent_refusal(effective_status(row, now))
    if refusal is not None:
        return LedgerError(409, refusal.code, refusal.message, refusal.hint)
    close(tx, row.id, _TARGETS[verb], now)
    past = {"approve": "approved", "reject": "rejected", "cancel": "canceled"}[verb]
    record(tx, now, f"{actor.source}:intent:{past}", row.org_id, actor=actor.id, intent=row.id, card=row.card_id, agent=row.agent_id)
    return None


def close(tx: Transaction, intent_id: str, status: str, now: int) -> bool:
    """Move an open intent to `status`; False when it was not open."""
    wanted = (intents.c.id == intent_id, intents.c.status.in_(OPEN))
    return tx.sql.execute(update(intents).where(*wanted).values(status=status, decided_at=now)).rowcount == 1


def effective_status(row: Row[Any], now: int) -> str:
    """The status at `now`: an intent past its time counts as expired before the sweep says so."""
    return "expired" if row.status in OPEN and row.expires_at <= now else str(row.status)


def intent_refusal(status: str) -> LedgerError | None:
    """Why an intent of that status takes no more approvals and no card details."""
    words = {
        "expired": ("intent_expired", "The intent is expired.", "Create a new one."),
        "canceled": ("intent_canceled", "The intent was canceled.", "Create a new one if it is still to be bought."),
        "rejected": ("intent_rejected", "The intent was rejected.", "Do not ask again for the same purchase."),
    }
    if status in OPEN:
        return None
    return LedgerError(403, *words.get(status, ("intent_done", "The intent was paid already.", "Create a new one for another purchase.")))


def for_details(connection: Connection, card: Row[Any], name: str, now: int) -> Row[Any] | LedgerError:
    """The open intent of a card that its card details name, by its id or by the caller's own name."""
    query = select(intents).where(intents.c.card_id == card.id, or_(intents.c.id == name, intents.c.external_id == name))
    row = connection.execute(query.order_by(intents.c.id != name).limit(1)).first()
    if row is None:
        return LedgerError(404, "intent_not_found", "There is no such intent of this card.", "Create it: POST /v1/cards/{id}/intents.")
    return intent_refusal(effective_status(row, now)) or row


def match(tx: Transaction, intent_id: str, amount: int, merchant: str, now: int) -> None:
    """Compare an approved charge with its intent."""
    row = tx.sql.execute(select(intents).where(intents.c.id == intent_id)).first()
    if row is None or row.actual_amount is not None:
        return
    values = {"actual_amount": amount, "actual_merchant": merchant}
    result = _match_result(row, amount, merchant)
    status = "matched" if result["amountMatch"] and result["merchantMatch"] else "mismatched"
    tx.sql.execute(update(intents).where(intents.c.id == intent_id).values(status=status, **values))
    record(tx, now, f"ledgeros:intent:{status}", row.org_id, intent=row.id, card=row.card_id, agent=row.agent_id, amount=amount)


def _match_result(row: Row[Any], amount: int, merchant: str) -> dict[str, Any]:
    return {
        "amountMatch": abs(amount - row.expected_amount) <= row.tolerance,
        "merchantMatch": row.merchant_key in ("", merchant_key(merchant)),
        "actualAmount": amount, "actualMerchant": merchant,
    }  # fmt: skip


def intent_answer(row: Row[Any], now: int) -> dict[str, Any]:
    """An intent on the wire."""
    return {
        "id": row.id, "intentId": row.external_id or row.id, "cardId": row.card_id, "agentId": row.agent_id,
        "status": effective_status(row, now), "summary": row.summary, "expectedAmount": row.expected_amount,
        "expectedCurrency": row.expected_currency, "expectedMerchant": row.expected_merchant, "reason": row.reason,
        "tolerance": row.tolerance,
        "metadata": None if row.metadata is None else json.loads(row.metadata), "createdAt": row.created_at, "expiresAt": row.expires_at,
        "matchResult": None if row.actual_amount is None else _match_result(row, row.actual_amount, row.actual_merchant),
    }  # fmt: skip
