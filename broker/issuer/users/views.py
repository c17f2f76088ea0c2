"""``/v1/applications`` and ``/v1/users``."""

from __future__ import annotations

from aiohttp import hdrs, web
from sqlalchemy import select

from broker.issuer.auth import BACKEND
from broker.issuer.cards.services import card_answers
from broker.issuer.cards.tables import cards
from broker.issuer.http import Answer, Call, route
from broker.issuer.listing import listed
from broker.issuer.users import services
from broker.issuer.users.models import InitiateApplication
from broker.issuer.users.tables import users
from broker.protocol.billing import BillingAddress


async def initiate(call: Call) -> Answer:
    """Part A, step 2."""
    return Answer(201, await services.initiate(call.context, call.principal, call.body))


async def list_users(call: Call) -> Answer:
    """Users of the organisation."""
    query = select(users).where(users.c.org_id == call.principal.org_id)
    return Answer(200, await listed(call.context, call.request, query, users, services.user_answer))


async def get_user(call: Call) -> Answer:
    """One user."""
    row = await call.context.read(lambda c: services.find_user(c, call.principal.org_id, call.part("id")))
    return Answer(200, services.user_answer(row))


async def get_balance(call: Call) -> Answer:
    """One user's balance."""
    return Answer(
        200, await call.context.read(lambda c: services.balance(c, services.find_user(c, call.principal.org_id, call.part("id"))))
    )


async def put_billing_address(call: Call) -> Answer:
    """Where the user is billed."""
    principal = call.principal
    return Answer(200, await services.set_billing_address(call.context, principal.actor, principal.org_id, call.part("id"), call.body))


async def delete_billing_address(call: Call) -> Answer:
    """Forget it."""
    await services.remove_billing_address(call.context, call.principal.actor, call.principal.org_id, call.part("id"))
    return Answer(200, {"userId": call.part("id")})


async def list_cards(call: Call) -> Answer:
    """Cards of one user's agents."""
    user = await call.context.read(lambda c: services.find_user(c, call.principal.org_id, call.part("id")))
    return Answer(200, await card_answers(call, select(cards).where(cards.c.user_id == user.id)))


def routes() -> list[web.RouteDef]:
    """This resource's routes."""
    return [
        route(hdrs.METH_POST, "/v1/applications/user/initiate", initiate, BACKEND, InitiateApplication),
        route(hdrs.METH_GET, "/v1/users", list_users, BACKEND),
        route(hdrs.METH_GET, "/v1/users/{id}", get_user, BACKEND),
        route(hdrs.METH_GET, "/v1/users/{id}/balance", get_balance, BACKEND),
        route(hdrs.METH_GET, "/v1/users/{id}/cards", list_cards, BACKEND),
        route(hdrs.METH_PUT, "/v1/users/{id}/billing-address", put_billing_address, BACKEND, BillingAddress),
        route(hdrs.METH_DELETE, "/v1/users/{id}/billing-address", delete_billing_address, BACKEND),
    ]
