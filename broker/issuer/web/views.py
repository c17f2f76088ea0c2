"""Overview, agents and cards, access events, the event log, transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import Connection, Row, func, select

from broker.core.errors import LedgerError
from broker.issuer.agents.models import UpdateAgent
from broker.issuer.agents.services import agent_answer, change
from broker.issuer.agents.tables import agents
from broker.issuer.cards.services import card_answer, set_status
from broker.issuer.cards.tables import cards
from broker.issuer.details.services import event_answer
from broker.issuer.details.tables import access_events
from broker.issuer.events.services import chain_head, latest, verify_chain
from broker.issuer.redeem.alarms import recent_alarms
from broker.issuer.redeem.tables import decisions
from broker.issuer.transactions.services import transaction_answer
from broker.issuer.transactions.tables import transactions
from broker.issuer.users.tables import users
from broker.issuer.web.chart import HOURS, outcomes_by_hour
from broker.issuer.web.page import Visit, page, redirect

_ROWS = 100
_MODE = "$.decision.mode"


async def overview(visit: Visit) -> web.StreamResponse:
    """Counts, the last day's outcomes, the latest events."""
    org_id, now = visit.session.org_id, visit.context.now()

    def read(connection: Connection) -> dict[str, Any]:
        def count(table: Any, *where: Any) -> int:
            return connection.execute(select(func.count()).select_from(table).where(table.c.org_id == org_id, *where)).scalar_one()

        return {
            "figures": [
                ("Users approved", count(users, users.c.application_status == "approved")),
                ("Agents active", count(agents, agents.c.status == "active")),
                ("Cards open", count(cards, cards.c.status != "closed")),
                ("Details released", count(access_events, access_events.c.status == "consumed")),
                ("Payments approved", count(transactions, transactions.c.status.in_(("pending", "completed")))),
            ],
            "entries": latest(connection, org_id, 12),
            "alarms": recent_alarms(connection, org_id, now),
            "chart": outcomes_by_hour(connection, org_id, now),
        }

    return visit.show("overview.html", hours=HOURS, **await visit.context.read(read))


async def agents_and_cards(visit: Visit) -> web.StreamResponse:
    """Agents and their cards."""
    org_id, now = visit.session.org_id, visit.context.now()

    def read(connection: Connection) -> dict[str, Any]:
        def rows(table: Any) -> list[Row[Any]]:
            return list(connection.execute(select(table).where(table.c.org_id == org_id).order_by(table.c.id.desc()).limit(_ROWS)).all())

        people = {row.id: f"{row.first_name} {row.last_name}" for row in rows(users)}
        return {
            "agents": [agent_answer(connection, row, now) for row in rows(agents)],
            "cards": [card_answer(connection, row, now) for row in rows(cards)],
            "people": people,
        }

    return visit.show("agents.html", **await visit.context.read(read))


async def change_card(visit: Visit) -> web.StreamResponse:
    """Freeze, unfreeze or close a card."""
    action = visit.part("action")
    if action not in ("freeze", "unfreeze", "close"):
        raise LedgerError(404, "not_found", "There is nothing at this address.", "Use the buttons.")
    await set_status(visit.context, visit.session.actor, visit.session.org_id, visit.part("id"), action)
    return redirect("/agents")


async def change_agent(visit: Visit) -> web.StreamResponse:
    """Suspend or resume an agent."""
    action = visit.part("action")
    if action not in ("suspend", "resume"):
        raise LedgerError(404, "not_found", "There is nothing at this address.", "Use the buttons.")
    body = UpdateAgent(status="suspended" if action == "suspend" else "active")
    await change(visit.context, visit.session.actor, visit.session.org_id, visit.part("id"), body)
    return redirect("/agents")


async def access_event_list(visit: Visit) -> web.StreamResponse:
    """Access events, filtered by ``?status=``."""
    now, wanted = visit.context.now(), visit.request.query.get("status", "")
    query = (
        select(access_events, cards.c.last4, agents.c.name.label("agent_name"), func.json_extract(decisions.c.signed, _MODE).label("mode"))
        .join(cards, cards.c.id == access_events.c.card_id)
        .join(agents, agents.c.id == access_events.c.agent_id)
        .outerjoin(decisions, decisions.c.access_event_id == access_events.c.id)
        .where(access_events.c.org_id == visit.session.org_id)
        .order_by(access_events.c.id.desc())
    )
    # A token may have expired since the last sweep, so the filter looks at the status as it is now.
    rows, earlier = await visit.context.read(lambda c: _with_earlier(c, c.execute(query.limit(5 * _ROWS)).all()))
    shown = [
        {
            **event_answer(row, now), "last4": row.last4, "agentName": row.agent_name, "origin": row.origin,
            "mode": row.mode or (row.consumed_at and earlier.get(row.intent_id)),
        }
        for row in rows
    ]  # fmt: skip
    shown = [event for event in shown if wanted in ("", event["status"])][:_ROWS]
    return visit.show("access_events.html", rows=shown, wanted=wanted)


def _with_earlier(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Sequence[Row[Any]], dict[str, str]]:
    """The rows, and by intent the mode of a decision whose earlier tokens are among them: it names only the last it spent."""
    intents = {row.intent_id for row in rows if row.mode is None and row.consumed_at and row.intent_id}
    if not intents:
        return rows, {}
    mode = func.json_extract(decisions.c.signed, _MODE).label("mode")
    query = select(decisions.c.intent_id, mode).where(decisions.c.intent_id.in_(intents))
    return rows, {row.intent_id: row.mode for row in connection.execute(query)}


async def event_log(visit: Visit) -> web.StreamResponse:
    """The hash-chained log, filtered by ``?name=``; ``?verify=1`` recomputes all of it."""
    wanted = visit.request.query.get("name", "")[:60]
    entries = await visit.context.read(lambda c: latest(c, visit.session.org_id, _ROWS, wanted))
    head = await visit.context.read(chain_head)
    result = await visit.context.read(verify_chain) if visit.request.query.get("verify") == "1" else None
    return visit.show("event_log.html", entries=entries, head=head, result=result, wanted=wanted)


async def transaction_list(visit: Visit) -> web.StreamResponse:
    """Transactions, newest first."""
    query = (
        select(transactions, cards.c.last4)
        .outerjoin(cards, cards.c.id == transactions.c.card_id)
        .where(transactions.c.org_id == visit.session.org_id)
        .order_by(transactions.c.id.desc())
        .limit(_ROWS)
    )
    rows = await visit.context.read(lambda c: c.execute(query).all())
    return visit.show("transactions.html", rows=[{**transaction_answer(row), "last4": row.last4} for row in rows])


def routes() -> list[web.RouteDef]:
    """These routes."""
    return [
        page(hdrs.METH_GET, "/", overview),
        page(hdrs.METH_GET, "/agents", agents_and_cards),
        page(hdrs.METH_POST, "/cards/{id}/{action}", change_card),
        page(hdrs.METH_POST, "/agents/{id}/{action}", change_agent),
        page(hdrs.METH_GET, "/access-events", access_event_list),
        page(hdrs.METH_GET, "/events", event_log),
        page(hdrs.METH_GET, "/transactions", transaction_list),
    ]
