"""``/v1/cards/{id}/intents`` and ``/v1/intents``."""

from __future__ import annotations

from typing import Literal

from aiohttp import hdrs, web
from sqlalchemy import select

from broker.issuer.auth import AGENT_TOO, BACKEND
from broker.issuer.cards.services import find_card
from broker.issuer.http import Answer, Call, View, route
from broker.issuer.intents import services
from broker.issuer.intents.models import CreateIntent
from broker.issuer.intents.tables import intents
from broker.issuer.listing import listed


async def create_intent(call: Call) -> Answer:
    """Say what is to be bought."""
    return Answer(201, await services.create(call.context, call.principal, call.part("id"), call.body))


async def list_intents(call: Call) -> Answer:
    """One card's intents."""
    card = await call.context.read(lambda c: find_card(c, call.principal, call.part("id")))
    query, now = select(intents).where(intents.c.card_id == card.id), call.context.now()
    return Answer(200, await listed(call.context, call.request, query, intents, lambda row: services.intent_answer(row, now)))


async def get_intent(call: Call) -> Answer:
    """One intent."""
    row = await call.context.read(lambda c: services.find_intent(c, call.principal, call.part("id")))
    return Answer(200, services.intent_answer(row, call.context.now()))


def _decide(verb: Literal["approve", "reject", "cancel"]) -> View:
    async def view(call: Call) -> Answer:
        return Answer(200, await services.decide(call.context, call.principal, call.part("id"), verb))

    return view


def routes() -> list[web.RouteDef]:
    """This resource's routes. An agent may take its own intent back, never approve it."""
    return [
        route(hdrs.METH_POST, "/v1/cards/{id}/intents", create_intent, AGENT_TOO, CreateIntent),
        route(hdrs.METH_GET, "/v1/cards/{id}/intents", list_intents, AGENT_TOO),
        route(hdrs.METH_GET, "/v1/intents/{id}", get_intent, AGENT_TOO),
        route(hdrs.METH_POST, "/v1/intents/{id}/approve", _decide("approve"), BACKEND),
        route(hdrs.METH_POST, "/v1/intents/{id}/reject", _decide("reject"), BACKEND),
        route(hdrs.METH_POST, "/v1/intents/{id}/cancel", _decide("cancel"), AGENT_TOO),
    ]
