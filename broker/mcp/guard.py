"""Who may reach MCP over HTTP: a process that has the token, by a loopback name, and never a page in a browser."""

from __future__ import annotations

import hashlib
import hmac
import json

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

MCP_TOKEN_CHARACTERS = 32
"""The fewest characters of `mcpToken`."""


class Guard:
    """ASGI middleware. Checks ``Host`` (DNS rebinding), ``Origin`` and ``Authorization`` before anything else sees the request."""

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        self._app = app
        self._token = hashlib.sha256(token.encode()).digest()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
            return
        await _refuse(send, *refusal)

    def _refusal(self, headers: Headers) -> tuple[int, str, str] | None:
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return 403, "wrong_host", "This server does not answer to that host name. Use 127.0.0.1 and its port."
        if "origin" in headers or "sec-fetch-site" in headers:
            return 403, "wrong_origin", "This server is not for pages in a browser. Call it from the agent's own process."
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = hashlib.sha256(token.encode()).digest()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, self._token):
            return 401, "unauthorized", "Send `Authorization: Bearer …` with the mcpToken of the configuration file."
        return None


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="ledgeros-mcp"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": message, "code": code}).encode()})
