"""What holds for every request before and after its view: guards, JSON, errors as JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from broker.core.errors import LedgerError

_log = structlog.get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_PLAIN = {
    404: ("not_found", "There is nothing at this path.", "The API is described in the README; releases are at /v1/releases."),
    405: (
        "method_not_allowed",
        "This path does not take this method.",
        "POST and GET /v1/releases, GET and DELETE /v1/releases/{id}, POST /v1/releases/{id}/token, GET /v1/health.",
    ),
    413: ("too_large", "The body is larger than this API takes.", "A release needs a token, an origin and a short purpose."),
}


def answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    """A JSON response with the headers every answer carries."""
    return web.json_response(body, status=status, headers={**_HEADERS, **(headers or {})})


async def read_body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; `LedgerError` 415 or 400."""
    if request.content_type != "application/json":
        raise LedgerError(415, "json_only", "This API takes JSON only.", "Send Content-Type: application/json.")
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise LedgerError(400, "invalid_json", "The body is not JSON.", "Send one JSON object in UTF-8.") from None
    if not isinstance(value, dict):
        raise LedgerError(400, "invalid_json", "The body is not a JSON object.", "Send one JSON object in UTF-8.")
    return value


def guard(allowed_hosts: Callable[[], frozenset[str]]) -> Middleware:
    """Refuses what a page in some browser might send: another ``Host`` (DNS rebinding), or any ``Origin``."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host", "").lower() not in allowed_hosts():
            raise LedgerError(403, "wrong_host", "This broker does not answer to that host name.", "Use https://localhost and its port.")
        if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
            raise LedgerError(403, "wrong_origin", "This API is not for pages in a browser.", "Call it from the agent's own process.")
        return await handler(request)

    return check


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure as the contract's error body; an unexpected one says nothing but where to look."""
    try:
        return await handler(request)
    except LedgerError as error:
        return answer(error.status, error.body(), _error_headers(error))
    except web.HTTPException as error:
        code, message, hint = _PLAIN.get(error.status, ("http_error", HTTPStatus(error.status).phrase, None))
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return answer(error.status, LedgerError(error.status, code, message, hint).body(), allow)
    except Exception:
        _log.exception("a request failed", path=request.path, method=request.method)
        failure = LedgerError(500, "internal_error", "Something failed inside the broker.", "Look at the broker's log.")
        return answer(500, failure.body())


def _error_headers(error: LedgerError) -> dict[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="ledgeros-broker"'}
    if error.retry_after_ms is not None:
        return {"Retry-After": str(max(1, -(-error.retry_after_ms // 1000)))}
    return {}
