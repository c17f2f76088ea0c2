"""``/v1/cards/{id}/details`` and access events."""

from __future__ import annotations

from aiohttp import hdrs, web
from sqlalchemy import select

from broker.issuer.auth import AGENT_TOO
from broker.issuer.cards.services import find_card
from broker.issuer.details import services
from broker.issuer.details.models import RequestDetails
from broker.issuer.details.tables import access_events
from broker.issuer.http import Answer, Call, route
from broker.issuer.listing import listed


async def request_details(call: Call) -> Answer:
    """Part A, step 5."""
    return Answer(200, await services.request_details(call.context, call.principal, call.part("id"), call.body))


async def list_events(call: Call) -> Answer:
    """Access events of one card."""
    card = await call.context.read(lambda c: find_card(c, call.principal, call.part("id")))
    query = select(access_events).where(access_events.c.card_id == card.id)
    now = call.context.now()
    return Answer(200, await listed(call.context, call.request, query, access_events, lambda row: services.event_answer(row, now)))


async def get_event(call: Call) -> Answer:
    """One access event."""
    row = await call.context.read(lambda c: services.find_event(c, call.principal, call.part("id")))
    return Answer(200, services.event_answer(row, call.context.now()))


def routes() -> list[web.RouteDef]:
    """This resource's routes."""
    return [
        route(hdrs.METH_POST, "/v1/cards/{id}/details", request_details, AGENT_TOO, RequestDetails),
        route(hdrs.METH_GET, "/v1/cards/{id}/access-events", list_events, AGENT_TOO),
        route(hdrs.METH_GET, "/v1/access-events/{id}", get_event, AGENT_TOO),
    ]
