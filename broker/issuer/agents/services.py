"""Agents and their tokens."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from broker.core.clock import DAY_MS
from broker.core.errors import LedgerError
from broker.core.ids import new_secret, secret_hash
from broker.core.text import plain_text
from broker.issuer.agents.models import CreateAgent, UpdateAgent
from broker.issuer.agents.tables import agent_tokens, agents
from broker.issuer.auth import Actor, Principal
from broker.issuer.cards.tables import cards
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.issuer.transactions.spend import agent_spend, raw_of
from broker.issuer.users.services import find_user
from broker.storage import Transaction

_NOT_FOUND = (404, "agent_not_found", "There is no such agent.", "Check the agent id.")


def find_agent(connection: Connection, org_id: str, agent_id: str) -> Row[Any]:
    """The agent, or 404."""
    row = connection.execute(select(agents).where(agents.c.id == agent_id, agents.c.org_id == org_id)).first()
    if row is None:
        raise LedgerError(*_NOT_FOUND)
    return row


def visible_agent(connection: Connection, principal: Principal, agent_id: str) -> Row[Any]:
    """The agent if this caller may see it."""
    principal.require_agent(agent_id)
    return find_agent(connection, principal.org_id, agent_id)


async def create(context: Context, principal: Principal, body: CreateAgent) -> dict[str, Any]:
    """Create an agent for a user; the answer has exactly Part A's fields."""
    name = _named(body.name)
    agent_id, now = context.ids.new("agent"), context.now()
    values = body.model_dump(exclude={"name", "metadata"})
    values |= {"name": name, "metadata": None if body.metadata is None else json.dumps(body.metadata)}

    def job(tx: Transaction) -> None:
        find_user(tx.sql, principal.org_id, body.user_id)
        tx.sql.execute(insert(agents).values(id=agent_id, org_id=principal.org_id, status="active", created_at=now, **values))
        record(
            tx,
            now,
            f"{principal.actor.source}:agent:created",
            principal.org_id,
            actor=principal.actor.id,
            agent=agent_id,
            user=body.user_id,
        )

    await context.write(job)
    return {
        "id": agent_id, "userId": body.user_id, "name": name, "status": "active", "spendingLimit": body.spending_limit,
        "spendingLimitFrequency": body.spending_limit_frequency, "currentSpend": 0,
    }  # fmt: skip


def _named(name: str) -> str:
    label = plain_text(name, 100)
    if not label:
        raise LedgerError(400, "invalid_request", "name: must hold visible text", "Send a name that a person can recognise.")
    return label


def _changes(body: UpdateAgent) -> dict[str, Any]:
    values = body.model_dump(exclude_unset=True)
    for required in ("name", "status", "spending_limit_frequency", "on_limit_exceeded"):
        if values.get(required, "") is None:
            del values[required]
    if "name" in values:
        values["name"] = _named(values["name"])
    if "metadata" in values:
        values["metadata"] = None if values["metadata"] is None else json.dumps(values["metadata"])
    return values


async def change(context: Context, actor: Actor, org_id: str, agent_id: str, body: UpdateAgent) -> dict[str, Any]:
    """Change an agent; a suspended agent's cards cannot be used."""
    values, now = _changes(body), context.now()

    def job(tx: Transaction) -> dict[str, Any]:
        find_agent(tx.sql, org_id, agent_id)
        if values:
            tx.sql.execute(update(agents).where(agents.c.id == agent_id).values(**values))
            facts = {"status": values.get("status"), "changed": sorted(values)}
            record(tx, now, f"{actor.source}:agent:changed", org_id, actor=actor.id, agent=agent_id, **facts)
        return agent_answer(tx.sql, find_agent(tx.sql, org_id, agent_id), now)

    return await context.write(job)


def set_status(tx: Transaction, actor: Actor, org_id: str, agent_id: str, status: str, now: int) -> LedgerError | None:
    """Suspend (``suspended``) or resume (``active``) inside a transaction; the same status again changes nothing."""
    row = tx.sql.execute(select(agents).where(agents.c.id == agent_id, agents.c.org_id == org_id)).first()
    if row is None:
        return LedgerError(*_NOT_FOUND)
    if row.status != status:
        tx.sql.execute(update(agents).where(agents.c.id == agent_id).values(status=status))
        record(tx, now, f"{actor.source}:agent:changed", org_id, actor=actor.id, agent=agent_id, status=status, changed=["status"])
    return None


def agent_answer(connection: Connection, row: Row[Any], now: int) -> dict[str, Any]:
    """An agent on the wire, with its spend in the current period and its number of open cards."""
    open_cards = select(func.count()).select_from(cards).where(cards.c.agent_id == row.id, cards.c.status != "closed")
    return {
        "id": row.id, "externalId": row.external_id, "userId": row.user_id, "name": row.name, "description": row.description,
        "status": row.status, "spendingLimit": row.spending_limit, "spendingLimitFrequency": row.spending_limit_frequency,
        "currentSpend": agent_spend(raw_of(connection), row.id, row.spending_limit_frequency, now),
        "onLimitExceeded": row.on_limit_exceeded, "maxCards": row.max_cards, "cardCount": connection.execute(open_cards).scalar_one(),
        "metadata": None if row.metadata is None else json.loads(row.metadata), "createdAt": row.created_at,
    }  # fmt: skip


async def create_token(context: Context, principal: Principal, agent_id: str, expires_in_days: int | None) -> dict[str, Any]:
    """A token that can use this agent's cards; the secret is in this answer only."""
    secret, token_id, now = new_secret("at_test_"), context.ids.new("at"), context.now()
    expires = None if expires_in_days is None else now + expires_in_days * DAY_MS

    def job(tx: Transaction) -> dict[str, Any]:
        find_agent(tx.sql, principal.org_id, agent_id)
        tx.sql.execute(
            insert(agent_tokens).values(
                id=token_id, agent_id=agent_id, prefix=secret[:12], hash=secret_hash(secret), created_at=now, expires_at=expires
            )
        )
        actor = principal.actor
        record(
            tx,
            now,
            f"{actor.source}:agent-token:created",
            principal.org_id,
            actor=actor.id,
            agent=agent_id,
            token=token_id,
            expiresAt=expires,
        )
        row = tx.sql.execute(select(agent_tokens).where(agent_tokens.c.id == token_id)).one()
        return {"id": token_id, "token": secret, **token_answer(row, now)}

    return await context.write(job)


def list_tokens(connection: Connection, org_id: str, agent_id: str, now: int) -> list[dict[str, Any]]:
    """An agent's tokens without their secrets, newest first."""
    find_agent(connection, org_id, agent_id)
    rows = connection.execute(select(agent_tokens).where(agent_tokens.c.agent_id == agent_id).order_by(agent_tokens.c.id.desc()))
    return [token_answer(row, now) for row in rows]


def token_answer(row: Row[Any], now: int) -> dict[str, Any]:
    """A token on the wire, never the secret."""
    active = row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
    return {
        "id": row.id, "agentId": row.agent_id, "prefix": row.prefix, "isActive": active, "lastUsedAt": row.last_used_at,
        "expiresAt": row.expires_at, "revokedAt": row.revoked_at, "createdAt": row.created_at,
    }  # fmt: skip


async def revoke_token(context: Context, actor: Actor, org_id: str, agent_id: str, token_id: str) -> dict[str, Any]:
    """Revoke a token, effective at its next use; revoking twice changes nothing."""
    now = context.now()

    def job(tx: Transaction) -> dict[str, Any] | LedgerError:
        find_agent(tx.sql, org_id, agent_id)
        mine = (agent_tokens.c.id == token_id) & (agent_tokens.c.agent_id == agent_id)
        changed = tx.sql.execute(update(agent_tokens).where(mine, agent_tokens.c.revoked_at.is_(None)).values(revoked_at=now))
        row = tx.sql.execute(select(agent_tokens).where(mine)).first()
        if row is None:
            return LedgerError(404, "agent_token_not_found", "There is no such agent token.", "List the agent's tokens.")
        if changed.rowcount:
            record(tx, now, f"{actor.source}:agent-token:revoked", org_id, actor=actor.id, agent=agent_id, token=token_id)
        return token_answer(row, now)

    return await context.write(job)
