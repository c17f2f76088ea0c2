"""``/v1/cards`` and card creation."""

from __future__ import annotations

from aiohttp import hdrs, web
from sqlalchemy import Connection, select

from broker.issuer.auth import AGENT_TOO, BACKEND
from broker.issuer.cards import services
from broker.issuer.cards.models import CreateCard, UpdateCard
from broker.issuer.cards.tables import cards
from broker.issuer.http import Answer, Call, View, route


async def create_card(call: Call) -> Answer:
    """Part A, step 4."""
    return Answer(201, await services.create(call.context, call.principal, call.part("id"), call.body))


async def list_cards(call: Call) -> Answer:
    """Cards of the organisation, or of the token's agent."""
    query = select(cards).where(cards.c.org_id == call.principal.org_id)
    if call.principal.agent_id is not None:
        query = query.where(cards.c.agent_id == call.principal.agent_id)
    return Answer(200, await services.card_answers(call, query))


async def get_card(call: Call) -> Answer:
    """One card."""

    def read(connection: Connection) -> Answer:
        row = services.find_card(connection, call.principal, call.part("id"))
        return Answer(200, services.card_answer(connection, row, call.context.now()))

    return await call.context.read(read)


async def update_card(call: Call) -> Answer:
    """Change a card."""
    return Answer(200, await services.change(call.context, call.principal, call.part("id"), call.body))


def _status_view(action: str) -> View:
    async def view(call: Call) -> Answer:
        principal = call.principal
        return Answer(200, await services.set_status(call.context, principal.actor, principal.org_id, call.part("id"), action))

    return view


def routes() -> list[web.RouteDef]:
    """This resource's routes."""
    return [
        route(hdrs.METH_POST, "/v1/agents/{id}/cards", create_card, BACKEND, CreateCard, "cards"),
        route(hdrs.METH_GET, "/v1/cards", list_cards, AGENT_TOO),
        route(hdrs.METH_GET, "/v1/cards/{id}", get_card, AGENT_TOO),
        route(hdrs.METH_PATCH, "/v1/cards/{id}", update_card, BACKEND, UpdateCard),
        *(route(hdrs.METH_POST, f"/v1/cards/{{id}}/{action}", _status_view(action), BACKEND) for action in ("freeze", "unfreeze", "close")),
    ]
