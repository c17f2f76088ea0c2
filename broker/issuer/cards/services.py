"""Issue cards, change them, show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from pydantic.alias_generators import to_camel
from sqlalchemy import Connection, Row, Select, func, insert, select, update

from broker.core.clock import DAY_MS
from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.issuer.agents.tables import agents
from broker.issuer.auth import Actor, Principal, out_of_scope
from broker.issuer.cards.models import CreateCard, UpdateCard
from broker.issuer.cards.numbers import BRAND, new_number
from broker.issuer.cards.tables import cards
from broker.issuer.context import Context
from broker.issuer.details.rules import shown_words
from broker.issuer.events.services import record
from broker.issuer.http import Call
from broker.issuer.listing import listed
from broker.issuer.organisations.services import get_organisation
from broker.issuer.transactions.spend import card_spend, raw_of
from broker.storage import Transaction

EXPOSURES = ("never", "extensionOnly", "rawPan")
_CLOSED = (409, "card_closed", "The card is closed.", "Create a new card.")


def find_card(connection: Connection, principal: Principal, card_id: str) -> Row[Any]:
    """The card if this caller may see it: 404 outside the organisation, 403 outside an agent token's agent."""
    row = connection.execute(select(cards).where(cards.c.id == card_id, cards.c.org_id == principal.org_id)).first()
    if principal.agent_id is not None and (row is None or row.agent_id != principal.agent_id):
        raise out_of_scope()
    if row is None:
        raise not_found()
    return row


def not_found() -> LedgerError:
    """404 for a card."""
    return LedgerError(404, "card_not_found", "There is no such card.", "Check the card id.")


def _check_exposure(tx: Transaction, org_id: str, body: CreateCard) -> None:
    if body.credential_exposure not in EXPOSURES:
        raise LedgerError(
            400, "unknown_exposure", "credentialExposure must be never, extensionOnly or rawPan.", "Leave it out for extensionOnly."
        )
    if body.credential_exposure != "rawPan":
        return
    if not body.acknowledge_raw_pan_risk:
        raise LedgerError(
            400, "raw_pan_risk", "A rawPan card needs acknowledgeRawPanRisk: true.", "Use extensionOnly unless the number must be answered."
        )
    if not get_organisation(tx.sql, org_id).raw_pan_enabled:
        raise LedgerError(
            403,
            "raw_pan_disabled",
            "rawPan is off for this organisation.",
            "A signed-in person can enable it in Settings > Approval and numbers.",
        )


def _check_agent(tx: Transaction, org_id: str, agent_id: str) -> Row[Any]:
    agent = tx.sql.execute(select(agents).where(agents.c.id == agent_id, agents.c.org_id == org_id)).first()
    if agent is None:
        raise LedgerError(404, "agent_not_found", "There is no such agent.", "Check the agent id.")
    if agent.status != "active":
        raise LedgerError(403, "agent_suspended", "The agent is suspended.", "Resume the agent first.")
    open_cards = select(func.count()).select_from(cards).where(cards.c.agent_id == agent_id, cards.c.status != "closed")
    if agent.max_cards is not None and tx.sql.execute(open_cards).scalar_one() >= agent.max_cards:
        raise LedgerError(403, "max_cards", "The agent has as many open cards as it may have.", "Close a card or raise maxCards.")
    return agent


async def create(context: Context, principal: Principal, agent_id: str, body: CreateCard) -> dict[str, Any]:
    """Issue a card. With only Part A's fields in the request, exactly Part A's fields come back; otherwise the whole card."""
    card_id, now = context.ids.new("card"), context.now()
    values = _values(context, card_id, body, now)

    def job(tx: Transaction) -> dict[str, Any]:
        agent = _check_agent(tx, principal.org_id, agent_id)
        _check_exposure(tx, principal.org_id, body)
        owner = {"org_id": principal.org_id, "user_id": agent.user_id, "agent_id": agent_id}
        tx.sql.execute(insert(cards).values(id=card_id, created_at=now, **owner, **values, **_number(tx, context, card_id)))
        row = tx.sql.execute(select(cards).where(cards.c.id == card_id)).one()
        actor = principal.actor
        record(
            tx, now, f"{actor.source}:card:created", principal.org_id,
            actor=actor.id, agent=agent_id, card=card_id, exposure=row.exposure, type=row.type, maxAmount=row.max_amount,
        )  # fmt: skip
        return quick_start_answer(row) if body.asks_only_part_a() else card_answer(tx.sql, row, now)

    return await context.write(job)


def _values(context: Context, card_id: str, body: CreateCard, now: int) -> dict[str, Any]:
    limits = body.limits
    issued = datetime.fromtimestamp(now / 1000, UTC)
    purpose = shown_words(body.purpose)
    if not purpose:
        raise LedgerError(400, "invalid_request", "purpose: must hold visible text", "Say what the card is for.")
    return {
        "status": "active", "type": body.type, "purpose": purpose, "exposure": body.credential_exposure, "require_release": True,
        "max_amount": body.max_amount, "per_auth": limits and limits.per_auth, "per_day": limits and limits.per_day,
        "per_month": limits and limits.per_month, "max_auth_count": body.max_auth_count,
        "closes_at": None if body.ttl_days is None else now + body.ttl_days * DAY_MS,
        "attestation_window_minutes": body.attestation_window_minutes,
        "merchant_hint": None if body.merchant_hint is None else plain_text(body.merchant_hint), "on_drift": body.on_drift,
        "external_id": body.external_id, "expiration_month": issued.month, "expiration_year": issued.year + context.settings.card_years,
    }  # fmt: skip


def _number(tx: Transaction, context: Context, card_id: str) -> dict[str, Any]:
    while True:
        pan = new_number(context.randomness)
        locked = context.vault.lock(card_id, pan)
        if tx.sql.execute(select(cards.c.id).where(cards.c.number_index == locked.index)).first() is None:
            return {
                "last4": pan.last4, "kek_version": locked.kek_version, "wrapped_key": locked.wrapped_key,
                "number_ciphertext": locked.ciphertext, "number_index": locked.index,
            }  # fmt: skip


def quick_start_answer(row: Row[Any]) -> dict[str, Any]:
    """Part A, step 4, to the letter."""
    return {
        "id": row.id, "agentId": row.agent_id, "userId": row.user_id, "status": row.status, "last4": row.last4,
        "purpose": row.purpose, "type": row.type, "maxAmount": row.max_amount,
    }  # fmt: skip


def card_answer(connection: Connection, row: Row[Any], now: int) -> dict[str, Any]:
    """The whole card on the wire: Part A's fields first."""
    return {
        **quick_start_answer(row),
        "brand": BRAND, "credentialExposure": row.exposure, "requireRelease": row.require_release,
        "requireMerchantOrigin": row.require_merchant_origin,
        "limits": {"perAuth": row.per_auth, "perDay": row.per_day, "perMonth": row.per_month},
        "maxAuthCount": row.max_auth_count, "merchantHint": row.merchant_hint, "lockedMerchant": row.locked_merchant,
        "attestationWindowMinutes": row.attestation_window_minutes, "onDrift": row.on_drift, "externalId": row.external_id,
        "currentSpend": card_spend(raw_of(connection), row.id, now).total, "expirationMonth": row.expiration_month,
        "expirationYear": row.expiration_year, "closesAt": row.closes_at, "createdAt": row.created_at,
    }  # fmt: skip


async def card_answers(call: Call, query: Select[Any]) -> dict[str, Any]:
    """A page of cards."""
    rows: list[Row[Any]] = []

    def keep(row: Row[Any]) -> dict[str, Any]:
        rows.append(row)
        return {}

    page = await listed(call.context, call.request, query, cards, keep)
    now = call.context.now()
    return {**page, "data": await call.context.read(lambda c: [card_answer(c, row, now) for row in rows])}


async def set_status(context: Context, actor: Actor, org_id: str, card_id: str, action: str) -> dict[str, Any]:
    """``freeze``, ``unfreeze`` or ``close``; a closed card stays closed."""
    now = context.now()
    return await context.write(lambda tx: set_status_now(tx, actor, org_id, card_id, action, now))


def set_status_now(tx: Transaction, actor: Actor, org_id: str, card_id: str, action: str, now: int) -> dict[str, Any] | LedgerError:
    """`set_status` inside a transaction."""
    target, verb = {"freeze": ("frozen", "frozen"), "unfreeze": ("active", "unfrozen"), "close": ("closed", "closed")}[action]
    row = tx.sql.execute(select(cards).where(cards.c.id == card_id, cards.c.org_id == org_id)).first()
    if row is None:
        return not_found()
    if row.status == "closed" and target != "closed":
        return LedgerError(*_CLOSED)
    if row.status != target:
        tx.sql.execute(update(cards).where(cards.c.id == card_id).values(status=target))
        record(tx, now, f"{actor.source}:card:{verb}", org_id, actor=actor.id, agent=row.agent_id, card=card_id)
    return {"object": "card", "id": card_id, "status": target, "previousStatus": row.status}


async def change(context: Context, principal: Principal, card_id: str, body: UpdateCard) -> dict[str, Any]:
    """Change status, limits or the rules that guard a card's number."""
    now, actor = context.now(), principal.actor
    values: dict[str, Any] = {} if body.limits is None else body.limits.model_dump(exclude_unset=True)
    values |= body.model_dump(include={"status", "require_release", "require_merchant_origin"}, exclude_none=True)

    def job(tx: Transaction) -> dict[str, Any] | LedgerError:
        row = find_card(tx.sql, principal, card_id)
        if row.status == "closed":
            return LedgerError(*_CLOSED)
        if values:
            tx.sql.execute(update(cards).where(cards.c.id == card_id).values(**values))
            changed = {to_camel(name): value for name, value in values.items()}
            record(tx, now, f"{actor.source}:card:changed", principal.org_id, actor=actor.id, card=card_id, **changed)
        return card_answer(tx.sql, find_card(tx.sql, principal, card_id), now)

    return await context.write(job)


def effective_status(row: Row[Any], now: int) -> str:
    """The card's status at `now`: a card past its ``ttlDays`` counts as closed before the sweep says so."""
    return "closed" if row.closes_at is not None and row.closes_at <= now else cast("str", row.status)
