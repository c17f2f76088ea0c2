"""Calls on the mutual-TLS listener: the caller is the broker its certificate names."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from aiohttp import hdrs, web
from multidict import CIMultiDict
from pydantic_core import to_json

from broker.core.errors import LedgerError
from broker.issuer.context import Context
from broker.issuer.http import API_HEADERS, check_source, error_answer, http_error, internal_error, read_body
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


class BrokerRoute(NamedTuple):
    """What answers at one address. A view answers a message, or its JSON members where time counts; without an answer it says ``{}``."""

    method: str
    path: str
    view: BrokerView
    model: type[Wire] | None = None


class BrokerListener:
    """What comes in over mutual TLS: its source is checked, then its address, its caller, its body; failures are in the contract's form.

    Every path is fixed, so a table finds the view, and aiohttp's low-level server is enough: no router, no middlewares.
    """

    def __init__(self, context: Context, routes: Iterable[BrokerRoute]) -> None:
        self._context = context
        self._routes = {(route.method, route.path): route for route in routes}
        self._paths = {path for _, path in self._routes}
        self.hosts = set(context.settings.extra_hosts)
        """The ``host:port`` values this listener answers to; its port is added when it is known."""

    def server(self) -> web.Server:
        """The aiohttp server of this listener, for the running loop."""
        make = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=self._context.settings.body_limit)
        return web.Server(self.handle, request_factory=make, access_log=None)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        try:
            check_source(request.headers, self.hosts)
            return await self._answer(request, self._route(request))
        except LedgerError as error:
            return error_answer(error)
        except web.HTTPException as error:
            return error_answer(http_error(error.status))
        except Exception as error:
            known = request.path if request.path in self._paths else None
            return error_answer(internal_error(request.method, known, error))

    def _route(self, request: web.BaseRequest) -> BrokerRoute:
        route = self._routes.get((request.method, request.path))
        if route is None:
            raise http_error(405 if request.path in self._paths else 404)
        if hdrs.EXPECT in request.headers:
            raise LedgerError(417, "no_expectations", "This listener does not say 100 Continue.", "Send the body at once.")
        return route

    async def _answer(self, request: web.BaseRequest, route: BrokerRoute) -> web.StreamResponse:
        caller = broker_id(request)
        self._context.limiter.take("broker", caller)
        body = read_body(request, await self._received(request), route.model) if route.model is not None else None
        answer = await route.view(BrokerCall(self._context, caller, body))
        json = answer.model_dump_json(by_alias=True).encode() if isinstance(answer, Wire) else to_json(answer or {})
        return web.Response(body=json, headers=_HEADERS)

    async def _received(self, request: web.BaseRequest) -> bytes:
        """The body, at once where it came together with its head, as it nearly always does."""
        if not request.content.is_eof():
            return await request.read()
        data = request.content.read_nowait()
        if len(data) > self._context.settings.body_limit:
            raise http_error(413)
        return data


def broker_id(request: web.BaseRequest) -> str:
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
