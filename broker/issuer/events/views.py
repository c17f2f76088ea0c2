"""``GET /v1/events``: the log, for offline verification."""

from __future__ import annotations

from aiohttp import hdrs, web

from broker.core.errors import LedgerError
from broker.issuer.auth import BACKEND
from broker.issuer.events import services
from broker.issuer.http import Answer, Call, route
from broker.issuer.listing import limit_of


async def list_events(call: Call) -> Answer:
    """Entries after ``?after=`` (a sequence number), oldest first, with the chain's head."""
    text = call.request.query.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise LedgerError(400, "invalid_request", "after: must be a sequence number", "Start with 0.")
    limit = limit_of(call.request)
    found = await call.context.read(lambda c: services.export(c, call.principal.org_id, int(text), limit + 1))
    head = await call.context.read(services.chain_head)
    page = found[:limit]
    cursor = str(page[-1]["seq"]) if len(found) > limit else None
    return Answer(200, {"data": page, "hasMore": len(found) > limit, "cursor": cursor, "head": head})


def routes() -> list[web.RouteDef]:
    """This resource's routes."""
    return [route(hdrs.METH_GET, "/v1/events", list_events, BACKEND)]
