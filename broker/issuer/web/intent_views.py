"""``/intents``: what agents said they mean to buy, before there is a token; a person may reject what is still open."""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import Connection, select

from broker.issuer.agents.tables import agents
from broker.issuer.cards.tables import cards
from broker.issuer.intents import services
from broker.issuer.intents.tables import intents
from broker.issuer.web.page import Visit, page, redirect

_ROWS = 100
_STATUSES = ("pending_approval", "pending", "matched", "mismatched", "rejected", "canceled", "expired")


async def show(visit: Visit) -> web.StreamResponse:
    """The organisation's intents, newest first, filtered by ``?status=``."""
    wanted = visit.request.query.get("status", "")
    rows = await visit.context.read(lambda c: _rows(c, visit.session.org_id, visit.context.now()))
    shown = [row for row in rows if wanted in ("", row["status"])][:_ROWS]
    return visit.show("intents.html", rows=shown, wanted=wanted, statuses=_STATUSES, open=services.OPEN)


def _rows(connection: Connection, org_id: str, now: int) -> list[dict[str, Any]]:
    query = (
        select(intents, cards.c.last4, agents.c.name.label("agent_name"))
        .join(cards, cards.c.id == intents.c.card_id)
        .join(agents, agents.c.id == intents.c.agent_id)
        .where(intents.c.org_id == org_id)
        .order_by(intents.c.id.desc())
        .limit(5 * _ROWS)  # an intent may have expired since the last sweep: the filter looks at the status as it is now
    )
    found = connection.execute(query).all()
    return [{**services.intent_answer(row, now), "last4": row.last4, "agentName": row.agent_name} for row in found]


async def reject(visit: Visit) -> web.StreamResponse:
    """Reject an open intent: no token of it counts any more."""
    await services.reject(visit.context, visit.session.actor, visit.session.org_id, visit.part("id"))
    return redirect("/intents")


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [page(hdrs.METH_GET, "/intents", show), page(hdrs.METH_POST, "/intents/{id}/reject", reject)]
