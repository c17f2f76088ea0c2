"""``/v1/agents``, their cards and tokens."""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import Connection, Row, select

from broker.issuer.agents import services
from broker.issuer.agents.models import CreateAgent, CreateAgentToken, UpdateAgent
from broker.issuer.agents.tables import agents
from broker.issuer.auth import AGENT_TOO, BACKEND
from broker.issuer.cards.services import card_answers
from broker.issuer.cards.tables import cards
from broker.issuer.http import Answer, Call, route
from broker.issuer.listing import listed


async def create_agent(call: Call) -> Answer:
    """Part A, step 3."""
    return Answer(201, await services.create(call.context, call.principal, call.body))


async def list_agents(call: Call) -> Answer:
    """Agents of the organisation, or the token's own agent."""
    query = select(agents).where(agents.c.org_id == call.principal.org_id)
    if call.principal.agent_id is not None:
        query = query.where(agents.c.id == call.principal.agent_id)
    rows: dict[str, Row[Any]] = {}

    def keep(row: Row[Any]) -> dict[str, Any]:
        rows[row.id] = row
        return {"id": row.id}

    page = await listed(call.context, call.request, query, agents, keep)
    now = call.context.now()

    def answers(connection: Connection) -> list[dict[str, Any]]:
        return [services.agent_answer(connection, row, now) for row in rows.values()]

    return Answer(200, {**page, "data": await call.context.read(answers)})


async def get_agent(call: Call) -> Answer:
    """One agent."""

    def read(connection: Connection) -> dict[str, Any]:
        row = services.visible_agent(connection, call.principal, call.part("id"))
        return services.agent_answer(connection, row, call.context.now())

    return Answer(200, await call.context.read(read))


async def update_agent(call: Call) -> Answer:
    """Change an agent."""
    principal = call.principal
    return Answer(200, await services.change(call.context, principal.actor, principal.org_id, call.part("id"), call.body))


async def list_cards(call: Call) -> Answer:
    """One agent's cards."""
    agent = await call.context.read(lambda c: services.visible_agent(c, call.principal, call.part("id")))
    return Answer(200, await card_answers(call, select(cards).where(cards.c.agent_id == agent.id)))


async def create_token(call: Call) -> Answer:
    """Make an agent token; shown once."""
    return Answer(201, await services.create_token(call.context, call.principal, call.part("id"), call.body.expires_in_days))


async def list_tokens(call: Call) -> Answer:
    """An agent's tokens."""
    found = await call.context.read(lambda c: services.list_tokens(c, call.principal.org_id, call.part("id"), call.context.now()))
    return Answer(200, {"data": found, "hasMore": False, "cursor": None})


async def revoke_token(call: Call) -> Answer:
    """Revoke an agent token."""
    principal = call.principal
    return Answer(200, await services.revoke_token(call.context, principal.actor, principal.org_id, call.part("id"), call.part("token_id")))


def routes() -> list[web.RouteDef]:
    """This resource's routes."""
    return [
        route(hdrs.METH_POST, "/v1/agents", create_agent, BACKEND, CreateAgent),
        route(hdrs.METH_GET, "/v1/agents", list_agents, AGENT_TOO),
        route(hdrs.METH_GET, "/v1/agents/{id}", get_agent, AGENT_TOO),
        route(hdrs.METH_PATCH, "/v1/agents/{id}", update_agent, BACKEND, UpdateAgent),
        route(hdrs.METH_GET, "/v1/agents/{id}/cards", list_cards, AGENT_TOO),
        route(hdrs.METH_POST, "/v1/agents/{id}/tokens", create_token, BACKEND, CreateAgentToken),
        route(hdrs.METH_GET, "/v1/agents/{id}/tokens", list_tokens, BACKEND),
        route(hdrs.METH_DELETE, "/v1/agents/{id}/tokens/{token_id}", revoke_token, BACKEND),
    ]
