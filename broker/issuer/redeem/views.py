"""``/broker/v1/introspect``, ``redeem``, ``outcomes``, ``windows/close``; and on the public API, a release's receipt."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from aiohttp import hdrs, web

from broker.issuer.auth import BACKEND
from broker.issuer.http import Answer, Call, route
from broker.issuer.peer import BrokerCall, BrokerRoute
from broker.issuer.redeem.introspection import introspect
from broker.issuer.redeem.outcomes import close_release_window, report_outcome
from broker.issuer.redeem.receipts import receipt
from broker.issuer.redeem.services import redeem
from broker.issuer.redeem.signatures import PublicKeys
from broker.protocol.issuer_api import CloseWindow, Introspect, Redeem, ReportOutcome
from broker.protocol.wire import Wire


async def introspect_token(call: BrokerCall) -> Wire:
    """What is this token?"""
    return await introspect(call.context, call.broker_id, call.body)


async def close(call: BrokerCall) -> None:
    """The person stopped: the window authorises nothing any more."""
    await close_release_window(call.context, call.broker_id, call.body)


async def get_receipt(call: Call) -> Answer:
    """The receipt of one release."""
    found = await call.context.read(lambda c: receipt(c, call.context, call.principal.org_id, call.part("id")))
    return Answer(200, found)


def broker_routes(keys: PublicKeys) -> list[BrokerRoute]:
    """This resource's routes on the broker listener."""

    def redeem_token(call: BrokerCall) -> Awaitable[dict[str, Any]]:
        return redeem(call.context, keys, call.broker_id, call.body)

    async def report(call: BrokerCall) -> None:
        await report_outcome(call.context, keys, call.broker_id, call.body)

    return [
        BrokerRoute(hdrs.METH_POST, "/broker/v1/introspect", introspect_token, Introspect),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/redeem", redeem_token, Redeem),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/outcomes", report, ReportOutcome),
        BrokerRoute(hdrs.METH_POST, "/broker/v1/windows/close", close, CloseWindow),
    ]


def routes() -> list[web.RouteDef]:
    """This resource's routes on the public API."""
    return [route(hdrs.METH_GET, "/v1/releases/{id}/receipt", get_receipt, BACKEND)]
