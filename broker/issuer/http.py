"""aiohttp ⇄ pydantic, in one place: who may call, how fast, with which body, and how errors look.

A view is ``async def view(call: Call) -> Answer``; `route` wraps it with authentication, the rate
limit, the body and ``Idempotency-Key``. The middleware checks Host and Origin before anything of
that and turns every failure into the contract's ``{"error": …}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiohttp import hdrs, web
from multidict import CIMultiDictProxy
from pydantic import ValidationError

from broker.core.errors import LedgerError
from broker.issuer.auth import Kind, Principal, authenticate
from broker.issuer.context import CONTEXT, Context
from broker.issuer.idempotency import once
from broker.issuer.ratelimit import Bucket
from broker.protocol.wire import Wire, invalid_request

_log = structlog.get_logger("broker.issuer")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=Wire)

HOSTS: web.AppKey[set[str]] = web.AppKey("hosts", set)
"""The ``host:port`` values this listener answers to; filled when its port is known."""

ErrorPage = Callable[[web.Request, LedgerError], web.StreamResponse]
ERROR_PAGE: web.AppKey[ErrorPage] = web.AppKey("error_page")
"""How an app with pages shows an error outside ``/v1``; other apps have none and answer JSON."""

API_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer with its status."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request with its validated body."""

    context: Context
    principal: Principal
    request: web.Request
    body: Any = None

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return self.request.match_info[name]


View = Callable[[Call], Awaitable[Answer]]


def json_answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    """A JSON response with the API's headers."""
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", headers={**API_HEADERS, **(headers or {})})


def error_answer(error: LedgerError) -> web.Response:
    """A `LedgerError` as the contract shows it."""
    headers = {} if error.retry_after_ms is None else {"Retry-After": str(math.ceil(error.retry_after_ms / 1000))}
    return json_answer(error.status, error.body(), headers)


def route(
    method: str, path: str, view: View, allowed: frozenset[Kind], model: type[Wire] | None = None, bucket: Bucket | None = None
) -> web.RouteDef:
    """A public API route. Without `bucket` it counts as a read (GET) or a write."""
    counted: Bucket = bucket or ("reads" if method == hdrs.METH_GET else "writes")

    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        principal = await authenticate(context, request)
        principal.require(allowed)
        context.limiter.take(counted, principal.id if counted == "network" else principal.org_id)
        if method == hdrs.METH_GET:
            answer = await view(Call(context, principal, request))
            return json_answer(answer.status, answer.body)
        raw = await request.read()

        async def run() -> Answer:
            body = read_body(request, raw, model) if model else None
            return await view(Call(context, principal, request, body))

        status, body = await once(context, principal, request, raw, run)
        return json_answer(status, body)

    return web.route(method, path, handle)


def read_body(request: web.BaseRequest, raw: bytes, model: type[M]) -> M:
    """The JSON body as `model`; raises 415 or a 400 that names the fields and echoes nothing."""
    if not raw:
        raw = b"{}"
    elif request.content_type != "application/json":
        raise LedgerError(415, "json_only", "The body must be JSON.", "Send Content-Type: application/json.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if error.errors(include_input=False, include_url=False, include_context=False)[0]["type"] == "json_invalid":
            raise LedgerError(400, "invalid_json", "The body is not valid JSON.", "Check quotes, commas and encoding (UTF-8).") from None
        raise invalid_request(error) from None


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Host and Origin first; then the handler; every failure in the contract's form, or as a page outside the API."""
    try:
        check_source(request.headers, request.app[HOSTS])
        return await handler(request)
    except LedgerError as error:
        return _shown(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _shown(request, http_error(error.status))
    except Exception as error:
        resource = request.match_info.route.resource
        return _shown(request, internal_error(request.method, resource.canonical if resource else None, error))


def _shown(request: web.Request, error: LedgerError) -> web.StreamResponse:
    as_page = request.app.get(ERROR_PAGE)
    if as_page is None or request.path.startswith("/v1/"):
        return error_answer(error)
    return as_page(request, error)


def http_error(status: int) -> LedgerError:
    """aiohttp's own refusals in our words."""
    words = {
        404: ("not_found", "There is nothing at this address.", "Check the path and the method."),
        405: ("method_not_allowed", "This address does not take that method.", "Check the API reference."),
        413: ("body_too_large", "The body is too large.", "Send at most 64 KB."),
    }
    return LedgerError(status, *words.get(status, ("bad_request", "The request could not be read.", "Check the API reference.")))


def internal_error(method: str, route: str | None, error: Exception) -> LedgerError:
    """Log a fault where its operator looks, and tell the caller nothing about it."""
    _log.error("request failed", method=method, route=route, exc_info=error)
    return LedgerError(500, "internal_error", "Something failed inside LedgerOS.", "Try again; its log says more.")


def check_source(headers: CIMultiDictProxy[str], hosts: set[str]) -> None:
    """Refuse a foreign Host (DNS rebinding) and any Origin but our own (cross-site requests)."""
    sent = headers.getall(hdrs.HOST, [])
    if len(sent) != 1 or sent[0].lower() not in hosts:
        raise LedgerError(403, "wrong_host", "This listener does not answer to that host name.", "Use the address LedgerOS printed.")
    for origin in headers.getall(hdrs.ORIGIN, []):
        if origin.removeprefix("https://").lower() not in hosts or not origin.startswith("https://"):
            raise LedgerError(403, "wrong_origin", "Requests from other web pages are refused.", "Call the API from a back end.")
