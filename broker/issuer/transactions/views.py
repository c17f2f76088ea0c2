"""``/v1/transactions`` and, in the sandbox only, ``/v1/simulate``."""

from __future__ import annotations

from aiohttp import hdrs, web
from sqlalchemy import select

from broker.core.errors import LedgerError
from broker.issuer.auth import ACQUIRER, AGENT_TOO
from broker.issuer.cards.services import find_card
from broker.issuer.http import Answer, Call, route
from broker.issuer.listing import listed
from broker.issuer.transactions import services
from broker.issuer.transactions.models import Authorise, Clear
from broker.issuer.transactions.tables import transactions

_FILTERS = {"cardId": transactions.c.card_id, "userId": transactions.c.user_id, "status": transactions.c.status}


async def list_transactions(call: Call) -> Answer:
    """Transactions, filtered by ``cardId``, ``userId``, ``status``."""
    query = select(transactions).where(transactions.c.org_id == call.principal.org_id)
    if call.principal.agent_id is not None:
        query = query.where(transactions.c.agent_id == call.principal.agent_id)
    for name, column in _FILTERS.items():
        if name in call.request.query:
            query = query.where(column == call.request.query[name])
    return Answer(200, await listed(call.context, call.request, query, transactions, services.transaction_answer))


async def list_card_transactions(call: Call) -> Answer:
    """Transactions of one card."""
    card = await call.context.read(lambda c: find_card(c, call.principal, call.part("id")))
    query = select(transactions).where(transactions.c.card_id == card.id)
    return Answer(200, await listed(call.context, call.request, query, transactions, services.transaction_answer))


async def get_transaction(call: Call) -> Answer:
    """One transaction."""
    query = select(transactions).where(transactions.c.id == call.part("id"), transactions.c.org_id == call.principal.org_id)
    row = await call.context.read(lambda c: c.execute(query).first())
    if call.principal.agent_id is not None:
        call.principal.require_agent(row.agent_id if row is not None and row.agent_id else "")
    if row is None:
        raise LedgerError(404, "transaction_not_found", "There is no such transaction.", "Check the id.")
    return Answer(200, services.transaction_answer(row))


async def authorise(call: Call) -> Answer:
    """Simulate an authorisation."""
    return Answer(200, await services.authorise(call.context, call.principal, call.body))


async def clear(call: Call) -> Answer:
    """Simulate the clearing of a pending transaction."""
    return Answer(200, await services.clear(call.context, call.principal, call.part("id"), call.body.amount))


async def reverse(call: Call) -> Answer:
    """Simulate a reversal."""
    return Answer(200, await services.reverse(call.context, call.principal, call.part("id")))


def routes(*, sandbox: bool) -> list[web.RouteDef]:
    """This resource's routes; production has no simulator."""
    simulator = [
        route(hdrs.METH_POST, "/v1/simulate/authorizations", authorise, ACQUIRER, Authorise, "network"),
        route(hdrs.METH_POST, "/v1/simulate/transactions/{id}/clear", clear, ACQUIRER, Clear, "network"),
        route(hdrs.METH_POST, "/v1/simulate/transactions/{id}/reverse", reverse, ACQUIRER, None, "network"),
    ]
    return [
        route(hdrs.METH_GET, "/v1/transactions", list_transactions, AGENT_TOO),
        route(hdrs.METH_GET, "/v1/transactions/{id}", get_transaction, AGENT_TOO),
        route(hdrs.METH_GET, "/v1/cards/{id}/transactions", list_card_transactions, AGENT_TOO),
        *(simulator if sandbox else []),
    ]
