"""Authorise, clear, reverse."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from broker.core.clock import HOUR_MS, MINUTE_MS
from broker.core.errors import LedgerError
from broker.core.logs import mask_numbers
from broker.core.origin import parse_origin
from broker.core.text import plain_text
from broker.issuer.agents.tables import agents
from broker.issuer.auth import Principal
from broker.issuer.cards.numbers import is_surrogate
from broker.issuer.cards.services import effective_status
from broker.issuer.cards.tables import cards
from broker.issuer.context import Context
from broker.issuer.details.rules import blocked_reason
from broker.issuer.details.tables import access_events
from broker.issuer.events.services import record
from broker.issuer.intents.services import match
from broker.issuer.surrogates.alarms import presented
from broker.issuer.transactions.models import Authorise, Merchant
from broker.issuer.transactions.spend import LimitSet, card_spend, ceilings, raw_of
from broker.issuer.transactions.tables import transactions
from broker.issuer.transactions.windows import Charge, consume, fitting_window, follows_subscription
from broker.issuer.users.tables import users
from broker.storage import Transaction


@dataclass(frozen=True, slots=True)
class _Holder:
    """A card with the rows that decide about it."""

    card: Row[Any]
    agent: Row[Any]
    user: Row[Any]


@dataclass(slots=True)
class _Verdict:
    """How an authorisation ends."""

    reason: str | None = None
    window_id: str | None = None
    access_event_id: str | None = None
    attestation: str = "unattested"


def _merchant(body: Merchant) -> dict[str, Any]:
    """The merchant's words made harmless, its origin parsed."""
    shown = {key: mask_numbers(plain_text(value, 100)) for key, value in body.wire().items() if value is not None and key != "origin"}
    if body.origin is not None:
        try:
            shown["origin"] = parse_origin(body.origin)
        except ValueError:
            raise LedgerError(422, "invalid_origin", "merchant.origin is not a web origin.", "Send it as https://shop.example.") from None
    return shown


def _merchant_key(merchant: dict[str, Any]) -> str:
    for part in ("id", "origin"):
        if part in merchant:
            return f"{part}:{merchant[part]}"
    return "name:" + unicodedata.normalize("NFKC", merchant["name"]).casefold()


async def authorise(context: Context, principal: Principal, body: Authorise) -> dict[str, Any]:
    """Decide an authorisation; approved or declined, it becomes a transaction and an event."""
    merchant, now, txn_id = _merchant(body.merchant), context.now(), context.ids.new("txn")
    index = context.vault.index(body.pan)

    def job(tx: Transaction) -> dict[str, Any]:
        holder = _holder(tx.sql, principal.org_id, index)
        charge = Charge(
            holder.card.id if holder else "", body.amount, body.currency, merchant.get("origin"), _merchant_key(merchant),
            body.previous_transaction_id, holder is not None and not holder.card.require_merchant_origin,
        )  # fmt: skip
        verdict = _decide(tx, context, holder, charge, body, now)
        values = _values(txn_id, principal, holder, charge, verdict, now)
        if verdict.reason == "surrogate_presented":
            facts = {"transaction": txn_id, "amount": charge.amount, "currency": charge.currency, "merchant": merchant["name"]}
            values |= presented(tx.raw, now, body.pan, principal.org_id, facts | {"origin": charge.origin})
        tx.sql.execute(insert(transactions).values(merchant=json.dumps(merchant), **values))
        _after(tx, context, principal, holder, values, verdict, now)
        if verdict.window_id is not None:
            _match_intent(tx, verdict.access_event_id, charge.amount, merchant["name"], now)
        return acquirer_answer(tx.sql.execute(select(transactions).where(transactions.c.id == txn_id)).one())

    return await context.write(job)


def _holder(connection: Connection, org_id: str, index: bytes) -> _Holder | None:
    card = connection.execute(select(cards).where(cards.c.number_index == index, cards.c.org_id == org_id)).first()
    if card is None:
        return None
    agent = connection.execute(select(agents).where(agents.c.id == card.agent_id)).one()
    return _Holder(card, agent, connection.execute(select(users).where(users.c.id == card.user_id)).one())


def _decide(tx: Transaction, context: Context, holder: _Holder | None, charge: Charge, body: Authorise, now: int) -> _Verdict:
    if holder is None:
        return _Verdict("surrogate_presented" if is_surrogate(body.pan) else "invalid_card")
    verdict = _attested(tx.sql, holder.card, now)
    verdict.reason = (
        _number_reason(tx.sql, context, holder.card, body, now)
        or _state_reason(holder, now)
        or _use_reason(tx, context, holder, charge, now)
        or _limit_reason(tx, holder, charge, now)
    )
    if verdict.reason is None:
        _release(tx, context, holder.card, charge, verdict, now)
    return verdict


def _attested(connection: Connection, card: Row[Any], now: int) -> _Verdict:
    query = (
        select(access_events.c.id, access_events.c.granted_at)
        .where(access_events.c.card_id == card.id, access_events.c.granted_at.is_not(None))
        .order_by(access_events.c.granted_at.desc())
        .limit(1)
    )
    event = connection.execute(query).first()
    if event is None:
        return _Verdict()
    fresh = now - event.granted_at <= card.attestation_window_minutes * MINUTE_MS
    return _Verdict(access_event_id=event.id, attestation="attested" if fresh else "stale")


def _number_reason(connection: Connection, context: Context, card: Row[Any], body: Authorise, now: int) -> str | None:
    wrong_codes = connection.execute(
        select(func.count())
        .select_from(transactions)
        .where(
            transactions.c.card_id == card.id, transactions.c.created_at > now - HOUR_MS, transactions.c.declined_reason == "invalid_cvv"
        )
    ).scalar_one()  # fmt: skip
    if wrong_codes >= context.settings.wrong_code_limit:
        return "too_many_attempts"  # a three-digit code must not be guessed
    if (body.expiration_month, body.expiration_year) != (card.expiration_month, card.expiration_year):
        return "invalid_expiry"
    if body.cvv != context.vault.security_code(body.pan, card.expiration_month, card.expiration_year):
        return "invalid_cvv"
    return None


def _state_reason(holder: _Holder, now: int) -> str | None:
    blocked = blocked_reason(holder.user.application_status, holder.agent.status, effective_status(holder.card, now))
    return None if blocked is None else blocked.code


def _use_reason(tx: Transaction, context: Context, holder: _Holder, charge: Charge, now: int) -> str | None:
    card = holder.card
    if charge.currency != context.settings.currency:
        return "currency_not_supported"
    if card.max_auth_count is not None and card_spend(raw_of(tx.sql), card.id, now).charges >= card.max_auth_count:
        return "max_auth_count"
    if card.type == "multi" and card.locked_merchant not in (None, charge.merchant_key):
        return "merchant_locked"
    return None


def _limit_reason(tx: Transaction, holder: _Holder, charge: Charge, now: int) -> str | None:
    card, agent = holder.card, holder.agent
    limits = LimitSet(
        card.max_amount,
        card.per_auth,
        card.per_day,
        card.per_month,
        agent.spending_limit,
        agent.spending_limit_frequency,
        holder.user.credit_limit,
    )
    left = ceilings(tx.raw, card.id, agent.id, holder.user.id, limits, now)
    return next((reason for reason, amount in left.items() if charge.amount > amount), None)


def _release(tx: Transaction, context: Context, card: Row[Any], charge: Charge, verdict: _Verdict, now: int) -> None:
    if card.exposure == "rawPan" or not card.require_release:
        return
    if follows_subscription(tx.sql, charge, context.settings.amount_tolerance_basis_points):
        return
    window = fitting_window(tx.sql, charge, now)
    if isinstance(window, str):
        verdict.reason = window
    elif not consume(tx, window.access_event_id, now):
        verdict.reason = "no_release"
    else:
        verdict.window_id, verdict.access_event_id = window.id, window.access_event_id


def _values(txn_id: str, principal: Principal, holder: _Holder | None, charge: Charge, verdict: _Verdict, now: int) -> dict[str, Any]:
    approved = verdict.reason is None
    return {
        "id": txn_id, "org_id": principal.org_id, "acquirer_id": principal.id, "card_id": holder and holder.card.id,
        "agent_id": holder and holder.agent.id, "user_id": holder and holder.user.id, "amount": charge.amount,
        "authorized_amount": charge.amount if approved else 0, "currency": charge.currency,
        "status": "pending" if approved else "declined", "declined_reason": verdict.reason, "attestation_status": verdict.attestation,
        "access_event_id": verdict.access_event_id, "window_id": verdict.window_id, "merchant_key": charge.merchant_key,
        "previous_transaction_id": charge.previous_transaction_id if approved else None, "created_at": now,
        "authorized_at": now if approved else None,
    }  # fmt: skip


def _after(
    tx: Transaction, context: Context, principal: Principal, holder: _Holder | None, values: dict[str, Any], verdict: _Verdict, now: int
) -> None:
    approved = verdict.reason is None
    record(
        tx, now, f"network:transaction:{'authorized' if approved else 'declined'}", principal.org_id, transaction=values["id"],
        card=values["card_id"], agent=values["agent_id"], amount=values["amount"], currency=values["currency"], reason=verdict.reason,
        attestation=verdict.attestation, accessEvent=values["access_event_id"], window=verdict.window_id, acquirer=principal.id,
    )  # fmt: skip
    if holder is None:
        return
    card = holder.card
    if approved and card.type == "single":
        tx.sql.execute(update(cards).where(cards.c.id == card.id).values(status="closed"))
        record(tx, now, "ledgeros:card:closed", principal.org_id, card=card.id, reason="single_use", transaction=values["id"])
    elif approved and card.locked_merchant is None:
        tx.sql.execute(update(cards).where(cards.c.id == card.id).values(locked_merchant=values["merchant_key"]))
    elif verdict.reason == "agent_spending_limit" and holder.agent.on_limit_exceeded == "suspend":
        tx.sql.execute(update(agents).where(agents.c.id == holder.agent.id).values(status="suspended"))
        record(tx, now, "ledgeros:agent:suspended", principal.org_id, agent=holder.agent.id, reason="agent_spending_limit")


def _match_intent(tx: Transaction, access_event_id: str | None, amount: int, merchant: str, now: int) -> None:
    intent_id = tx.sql.execute(select(access_events.c.intent_id).where(access_events.c.id == access_event_id)).scalar()
    if intent_id is not None:
        match(tx, intent_id, amount, merchant, now)


async def clear(context: Context, principal: Principal, txn_id: str, amount: int | None) -> dict[str, Any]:
    """Post a pending transaction for what was authorised, or less."""
    return await _settle(context, principal, txn_id, "cleared", amount)


async def reverse(context: Context, principal: Principal, txn_id: str) -> dict[str, Any]:
    """Undo a pending or posted transaction; it no longer counts as spend."""
    return await _settle(context, principal, txn_id, "reversed", None)


async def _settle(context: Context, principal: Principal, txn_id: str, verb: str, amount: int | None) -> dict[str, Any]:
    now = context.now()
    before = ("pending",) if verb == "cleared" else ("pending", "completed")

    def job(tx: Transaction) -> dict[str, Any] | LedgerError:
        mine = (transactions.c.id == txn_id) & (transactions.c.acquirer_id == principal.id)
        row = tx.sql.execute(select(transactions).where(mine)).first()
        if row is None:
            return LedgerError(404, "transaction_not_found", "There is no such transaction of this acquirer.", "Check the id.")
        if row.status not in before:
            return LedgerError(409, "transaction_state", f"The transaction is {row.status}.", "Look at its status first.")
        if amount is not None and amount > row.authorized_amount:
            return LedgerError(422, "amount_above_authorized", "More than the authorised amount cannot be cleared.", "Clear at most that.")
        values: dict[str, Any] = {"status": "reversed"}
        if verb == "cleared":
            values = {"status": "completed", "posted_at": now, "amount": row.amount if amount is None else amount}
        tx.sql.execute(update(transactions).where(transactions.c.id == txn_id).values(**values))
        record(
            tx, now, f"network:transaction:{verb}", principal.org_id, transaction=txn_id, card=row.card_id,
            amount=values.get("amount", row.amount), currency=row.currency,
        )  # fmt: skip
        return acquirer_answer(tx.sql.execute(select(transactions).where(mine)).one())

    return await context.write(job)


def acquirer_answer(row: Row[Any]) -> dict[str, Any]:
    """What the shop's side hears: nothing about who holds the card."""
    return {
        "id": row.id, "status": row.status, "amount": row.amount, "currency": row.currency, "authorizedAmount": row.authorized_amount,
        "declinedReason": row.declined_reason, "attestationStatus": row.attestation_status, "createdAt": row.created_at,
        "authorizedAt": row.authorized_at, "postedAt": row.posted_at,
    }  # fmt: skip


def transaction_answer(row: Row[Any]) -> dict[str, Any]:
    """A transaction as the organisation sees it."""
    merchant = json.loads(row.merchant)
    return {
        "id": row.id, "cardId": row.card_id, "agentId": row.agent_id, "userId": row.user_id, "amount": row.amount, "currency": row.currency,
        "status": row.status, "authorizedAmount": row.authorized_amount,
        "merchant": {key: merchant.get(key) for key in ("name", "id", "category", "categoryCode", "city", "country")},
        "declinedReason": row.declined_reason, "attestationStatus": row.attestation_status, "accessEventId": row.access_event_id,
        "createdAt": row.created_at, "authorizedAt": row.authorized_at, "postedAt": row.posted_at,
    }  # fmt: skip
