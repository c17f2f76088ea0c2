"""Calls on the mutual-TLS listener: the caller is the broker its certificate names."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from aiohttp import hdrs, web
from multidict import CIMultiDict
from pydantic_core import to_json

from broker.core.errors import LedgerError
from broker.issuer.context import CONTEXT, Context
from broker.issuer.http import API_HEADERS, read_body
from broker.pki.identity import WrongPeerError, peer_id
from broker.protocol.wire import Wire

_HEADERS = CIMultiDict({**API_HEADERS, hdrs.CONTENT_TYPE: "application/json; charset=utf-8"})
_peers: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()  # a connection's certificate does not change


class BrokerCall(NamedTuple):
    """One call of one broker with its validated body."""

    context: Context
    broker_id: str
    body: Any = None


BrokerView = Callable[[BrokerCall], Awaitable[Wire | dict[str, Any] | None]]


def broker_route(method: str, path: str, view: BrokerView, model: type[Wire] | None = None) -> web.RouteDef:
    """A route for brokers only; without an answer it says ``{}``. A view answers a message, or its JSON members where time counts."""

    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        caller = broker_id(request)
        context.limiter.take("broker", caller)
        body = read_body(request, await request.read(), model) if model is not None and method == hdrs.METH_POST else None
        answer = await view(BrokerCall(context, caller, body))
        json = answer.model_dump_json(by_alias=True).encode() if isinstance(answer, Wire) else to_json(answer or {})
        return web.Response(body=json, headers=_HEADERS)

    return web.route(method, path, handle)


def broker_id(request: web.Request) -> str:
    """The stable id in the caller's certificate; 403 for every other role's certificate."""
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    known = _peers.get(tls) if isinstance(tls, ssl.SSLObject) else None
    if known is not None:
        return known
    try:
        found = peer_id(transport, "broker")
    except WrongPeerError:
        raise LedgerError(403, "not_a_broker", "This listener is for brokers.", "Use the broker's client certificate.") from None
    if isinstance(tls, ssl.SSLObject):
        _peers[tls] = found
    return found
