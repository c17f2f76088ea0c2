"""Calls on the mutual-TLS listener: the caller is the broker its certificate names."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from aiohttp import hdrs, web

from broker.core.errors import LedgerError
from broker.issuer.context import CONTEXT, Context
from broker.issuer.http import API_HEADERS, read_body
from broker.pki.identity import WrongPeerError, peer_id
from broker.protocol.wire import Wire

_peers: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()  # a connection's certificate does not change


@dataclass(frozen=True, slots=True)
class BrokerCall:
    """One call of one broker with its validated body."""

    context: Context
    broker_id: str
    body: Any = None


BrokerView = Callable[[BrokerCall], Awaitable[Wire | None]]


def broker_route(method: str, path: str, view: BrokerView, model: type[Wire] | None = None) -> web.RouteDef:
    """A route for brokers only; without an answer it says ``{}``."""

    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        caller = broker_id(request)
        context.limiter.take("broker", caller)
        body = read_body(request, await request.read(), model) if model is not None and method == hdrs.METH_POST else None
        answer = await view(BrokerCall(context, caller, body))
        text = "{}" if answer is None else answer.model_dump_json(by_alias=True)
        return web.Response(text=text, content_type="application/json", headers=API_HEADERS)

    return web.route(method, path, handle)


def broker_id(request: web.Request) -> str:
    """The stable id in the caller's certificate; 403 for every other role's certificate."""
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    if isinstance(tls, ssl.SSLObject) and tls in _peers:
        return _peers[tls]
    try:
        found = peer_id(transport, "broker")
    except WrongPeerError:
        raise LedgerError(403, "not_a_broker", "This listener is for brokers.", "Use the broker's client certificate.") from None
    if isinstance(tls, ssl.SSLObject):
        _peers[tls] = found
    return found
