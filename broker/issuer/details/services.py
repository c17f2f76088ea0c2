"""Grant or deny card details."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from broker.core.clock import HOUR_MS
from broker.core.errors import LedgerError
from broker.core.ids import new_secret, secret_hash
from broker.core.origin import parse_origin
from broker.issuer.agents.tables import agents
from broker.issuer.auth import Principal, out_of_scope
from broker.issuer.brokers.tables import brokers
from broker.issuer.cards.services import effective_status, find_card
from broker.issuer.context import Context
from broker.issuer.details.models import RequestDetails
from broker.issuer.details.rules import blocked_reason, merchant_key, shown_words
from broker.issuer.details.tables import access_events
from broker.issuer.events.services import record
from broker.issuer.intents.services import for_details
from broker.issuer.organisations.services import get_organisation
from broker.issuer.ratelimit import too_many
from broker.issuer.users.tables import users
from broker.storage import Transaction


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request made harmless: the agent's words on one line, its origin parsed."""

    summary: str
    merchant_text: str | None
    origin: str | None
    broker_id: str | None


def _asked(context: Context, body: RequestDetails) -> _Asked:
    if body.expected_currency != context.settings.currency:
        raise LedgerError(
            422, "currency_not_supported", "This card cannot be charged in that currency.", f"Ask in {context.settings.currency}."
        )
    summary = shown_words(body.summary)
    merchant = None if body.merchant_text is None else shown_words(body.merchant_text) or None
    if not summary:
        raise LedgerError(400, "invalid_request", "summary: must hold visible text", "Say what is bought, for the person who approves.")
    given = body.client_context or {}
    return _Asked(summary, merchant, _origin(given.get("origin")), _broker_id(given.get("brokerId")))


def _origin(value: object) -> str | None:
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return parse_origin(value)
    except ValueError:
        pass
    raise LedgerError(422, "invalid_origin", "clientContext.origin is not a web origin.", "Send it as https://shop.example.")


def _broker_id(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and 0 < len(value) <= 80:
        return value
    raise LedgerError(422, "unknown_broker", "clientContext.brokerId is not an enrolled broker.", "Leave it out, or send the broker's id.")


async def request_details(context: Context, principal: Principal, card_id: str, body: RequestDetails) -> dict[str, Any]:
    """Answer card details as the card's exposure allows, and record it either way."""
    asked, now = _asked(context, body), context.now()
    event_id, token = context.ids.new("evt"), new_secret("tok_")

    def job(tx: Transaction) -> dict[str, Any] | LedgerError:
        card = find_card(tx.sql, principal, card_id)
        values = _event_values(event_id, card, body, asked, now)
        refusal = _refusal(tx, context, principal, card, asked, now) or _fit_intent(tx.sql, card, body, values, now)
        if refusal is not None:
            return _deny(tx, principal, values, refusal, now)
        if card.exposure == "rawPan":
            return _answer_number(tx, context, principal, card, values, now)
        return _grant_token(tx, context, principal, card, values, asked, token, now)

    return await context.write(job)


def _event_values(event_id: str, card: Row[Any], body: RequestDetails, asked: _Asked, now: int) -> dict[str, Any]:
    return {
        "id": event_id, "org_id": card.org_id, "card_id": card.id, "agent_id": card.agent_id, "exposure_mode": card.exposure,
        "summary": asked.summary, "expected_amount": body.expected_amount, "expected_currency": body.expected_currency,
        "merchant_text": asked.merchant_text, "merchant_key": merchant_key(asked.merchant_text), "reason": body.reason or "one-time",
        "intent_id": body.intent_id, "origin": asked.origin, "created_at": now,
    }  # fmt: skip


def _fit_intent(connection: Connection, card: Row[Any], body: RequestDetails, values: dict[str, Any], now: int) -> LedgerError | None:
    """Take from the named intent what the request leaves out; refuse what differs from it."""
    if body.intent_id is None:
        return None
    intent = for_details(connection, card, body.intent_id, now)
    if isinstance(intent, LedgerError):
        return intent
    amount = body.expected_amount
    wrong = {
        "expectedAmount": amount is not None and abs(amount - intent.expected_amount) > intent.tolerance,
        "expectedCurrency": body.expected_currency != intent.expected_currency,
        "merchantText": values["merchant_text"] is not None and values["merchant_key"] != intent.merchant_key,
        "reason": body.reason not in (None, intent.reason),
    }
    named = [name for name, bad in wrong.items() if bad]
    if named:
        hint = "Send what the intent says, or leave it out."
        return LedgerError(422, "intent_mismatch", f"The request does not fit its intent: {', '.join(named)}.", hint)
    values |= {
        "intent_id": intent.id, "expected_amount": intent.expected_amount if amount is None else amount,
        "merchant_text": intent.expected_merchant, "merchant_key": intent.merchant_key, "reason": intent.reason,
    }  # fmt: skip
    return None


def _refusal(tx: Transaction, context: Context, principal: Principal, card: Row[Any], asked: _Asked, now: int) -> LedgerError | None:
    blocked = blocked_reason(
        user_status=tx.sql.execute(select(users.c.application_status).where(users.c.id == card.user_id)).scalar_one(),
        agent_status=tx.sql.execute(select(agents.c.status).where(agents.c.id == card.agent_id)).scalar_one(),
        card_status=effective_status(card, now),
    )
    if blocked is not None:
        return blocked
    return (
        _exposure_refusal(tx, principal, card)
        or _hourly_refusal(tx, context, card, now)
        or _broker_refusal(tx.sql, card.org_id, asked.broker_id)
    )


def _exposure_refusal(tx: Transaction, principal: Principal, card: Row[Any]) -> LedgerError | None:
    if card.exposure == "extensionOnly":
        return None
    if card.exposure == "never":
        return LedgerError(403, "exposure_never", "This card's details are never given out.", "Use a card with another credentialExposure.")
    if card.exposure == "rawPan":
        if principal.kind != "backend":
            return LedgerError(403, "raw_pan_agent", "An agent token never gets a card number.", "Use an extensionOnly card.")
        if get_organisation(tx.sql, card.org_id).raw_pan_enabled:
            return None
        return LedgerError(403, "raw_pan_disabled", "rawPan is off for this organisation.", "A signed-in person can enable it in Settings.")
    return LedgerError(403, "unknown_exposure", "The card has an exposure mode that this LedgerOS does not know.", "Create a new card.")


def _hourly_refusal(tx: Transaction, context: Context, card: Row[Any], now: int) -> LedgerError | None:
    granted = (access_events.c.card_id == card.id) & (access_events.c.granted_at > now - HOUR_MS)
    count, oldest = tx.sql.execute(select(func.count(), func.min(access_events.c.granted_at)).where(granted)).one()
    return too_many(oldest + HOUR_MS - now) if count >= context.settings.details_per_hour else None


def _broker_refusal(connection: Connection, org_id: str, broker_id: str | None) -> LedgerError | None:
    if broker_id is None or broker_id in _active_brokers(connection, org_id):
        return None
    return LedgerError(422, "unknown_broker", "clientContext.brokerId is not an enrolled broker.", "Leave it out, or send the broker's id.")


def _active_brokers(connection: Connection, org_id: str) -> list[str]:
    query = select(brokers.c.id).where(brokers.c.org_id == org_id, brokers.c.revoked_at.is_(None)).limit(100)
    return list(connection.execute(query).scalars())


def _deny(tx: Transaction, principal: Principal, values: dict[str, Any], refusal: LedgerError, now: int) -> LedgerError:
    tx.sql.execute(insert(access_events).values(status="denied", denied_reason=refusal.code, **values))
    _record(tx, principal, "denied", values, now, reason=refusal.code)
    return refusal


def _grant_token(
    tx: Transaction, context: Context, principal: Principal, card: Row[Any], values: dict[str, Any], asked: _Asked, token: str, now: int
) -> dict[str, Any]:
    expires = now + context.settings.token_life_seconds * 1000
    known = [asked.broker_id] if asked.broker_id else _active_brokers(tx.sql, card.org_id)
    bound = known[0] if len(known) == 1 else None  # several: the first that introspects binds it
    tx.sql.execute(
        insert(access_events).values(
            status="granted", granted_at=now, expires_at=expires, token_hash=secret_hash(token), bound_broker=bound, **values
        )
    )
    _record(tx, principal, "granted", values, now, broker=bound, expiresAt=expires)
    return {
        "accessEventId": values["id"], "exposureMode": "extensionOnly", "detailsToken": token, "tokenExpiresAt": expires,
        "last4": card.last4,
    }  # fmt: skip


def _answer_number(
    tx: Transaction, context: Context, principal: Principal, card: Row[Any], values: dict[str, Any], now: int
) -> dict[str, Any]:
    tx.sql.execute(insert(access_events).values(status="consumed", granted_at=now, consumed_at=now, **values))
    _record(tx, principal, "granted", values, now)
    pan = context.vault.unlock(card.id, card.kek_version, card.wrapped_key, card.number_ciphertext)
    code = context.vault.security_code(pan, card.expiration_month, card.expiration_year)
    return {
        "accessEventId": values["id"], "exposureMode": "rawPan", "pan": pan.reveal(), "cvv": code.reveal(),
        "expirationMonth": card.expiration_month, "expirationYear": card.expiration_year, "last4": card.last4,
    }  # fmt: skip


def _record(tx: Transaction, principal: Principal, verb: str, values: dict[str, Any], now: int, **facts: Any) -> None:
    actor = principal.actor
    record(
        tx, now, f"{actor.source}:details:{verb}", values["org_id"], actor=actor.id, accessEvent=values["id"], card=values["card_id"],
        agent=values["agent_id"], exposure=values["exposure_mode"], expectedAmount=values["expected_amount"],
        currency=values["expected_currency"], paymentReason=values["reason"], origin=values["origin"], **facts,
    )  # fmt: skip


def find_event(connection: Connection, principal: Principal, event_id: str) -> Row[Any]:
    """The access event if this caller may see it."""
    query = select(access_events).where(access_events.c.id == event_id, access_events.c.org_id == principal.org_id)
    row = connection.execute(query).first()
    if principal.agent_id is not None and (row is None or row.agent_id != principal.agent_id):
        raise out_of_scope()
    if row is None:
        raise LedgerError(404, "access_event_not_found", "There is no such access event.", "Check the id.")
    return row


def event_answer(row: Row[Any], now: int) -> dict[str, Any]:
    """An access event on the wire."""
    return {
        "id": row.id, "cardId": row.card_id, "agentId": row.agent_id, "status": event_status(row, now), "deniedReason": row.denied_reason,
        "exposureMode": row.exposure_mode, "summary": row.summary, "expectedAmount": row.expected_amount,
        "expectedCurrency": row.expected_currency, "merchantText": row.merchant_text, "reason": row.reason, "intentId": row.intent_id,
        "grantedAt": row.granted_at, "expiresAt": row.expires_at, "consumedAt": row.consumed_at, "createdAt": row.created_at,
    }  # fmt: skip


def event_status(row: Row[Any], now: int) -> str:
    """The status at `now`: a token past its time counts as expired before the sweep says so."""
    lapsed = row.status == "granted" and row.expires_at is not None and row.expires_at <= now
    return "expired" if lapsed else str(row.status)
