"""A web page in somebody's browser: it reaches every listener of this machine, and none of them hears it.

Chromium lets a page send requests to loopback; what stops them is `Host` (DNS rebinding), `Origin`
(cross-site requests and WebSocket upgrades) and JSON only (forms).
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import pytest

from broker.pki.contexts import client_context
from tests.api.broker.harness import Stack
from tests.api.issuer.parties import broker_peer
from tests.api.issuer.serving import Issuer

EVIL = "https://evil.example"
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}  # fmt: skip


@dataclass
class Listener:
    """A listener with a client that could talk to it, one path for each method, and what an honest GET answers."""

    name: str
    session: aiohttp.ClientSession
    url: str
    read: str
    write: str
    honest: int

    async def ask(self, method: str, path: str, **kwargs: object) -> tuple[int, str, dict[str, str]]:
        async with self.session.request(method, self.url + path, allow_redirects=False, **kwargs) as reply:  # type: ignore[arg-type]
            return reply.status, await reply.text(), {key.lower(): value for key, value in reply.headers.items()}


@pytest.fixture
async def listeners(issuer: Issuer, stack: Stack) -> AsyncIterator[list[Listener]]:
    """Every HTTP listener there is: LedgerOS's two, the broker's one. The extension channel speaks no HTTP."""
    async with AsyncExitStack() as opened:
        peer = await opened.enter_async_context(broker_peer(issuer))
        agent = await opened.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_context(stack.state.pki))))
        yield [
            Listener("LedgerOS, public", issuer.session, issuer.url, "/v1/users", "/v1/agents", 401),
            Listener(
                "LedgerOS, brokers", peer.session, issuer.context.addresses.broker_url, "/broker/v1/health", "/broker/v1/introspect", 200
            ),
            Listener("broker, agents", agent, stack.broker.agent_url, "/v1/health", "/v1/releases", 200),
        ]


async def test_an_honest_request_is_answered_by_every_listener(listeners: list[Listener]) -> None:
    for listener in listeners:
        assert (await listener.ask("GET", listener.read))[0] == listener.honest, listener.name


async def test_dns_rebinding_is_refused_by_every_listener(listeners: list[Listener]) -> None:
    for listener in listeners:
        port = listener.url.rsplit(":", 1)[1]
        for host in ("evil.example", f"evil.example:{port}", "localhost", "localhost:1", f"localhost.evil.example:{port}", ""):
            for method, path in (("GET", listener.read), ("POST", listener.write), ("GET", "/")):
                status, text, _ = await listener.ask(method, path, headers={"Host": host})
                assert status in (400, 403), (listener.name, host, path)
                assert "evil.example" not in text


async def test_a_cross_site_request_is_refused_by_every_listener(listeners: list[Listener]) -> None:
    for listener in listeners:
        for origin in (EVIL, "null", listener.url.replace("https", "http"), listener.url + ".evil.example"):
            for method, path in (("GET", listener.read), ("POST", listener.write), ("OPTIONS", listener.write)):
                status, _, headers = await listener.ask(method, path, headers={"Origin": origin})
                assert status == 403, (listener.name, origin, method)
                assert not [name for name in headers if name.startswith("access-control-")]


async def test_a_cross_site_websocket_upgrade_is_refused_by_every_listener(listeners: list[Listener]) -> None:
    for listener in listeners:
        for path in (listener.read, "/", "/ws"):
            status, _, headers = await listener.ask("GET", path, headers={**UPGRADE, "Origin": EVIL})
            assert status == 403, (listener.name, path)
            assert "sec-websocket-accept" not in headers
            status, _, headers = await listener.ask("GET", path, headers=UPGRADE)
            assert status != 101, "nothing speaks WebSocket, whoever asks"


async def test_what_a_form_can_send_is_refused_by_every_listener(issuer: Issuer, stack: Stack, listeners: list[Listener]) -> None:
    """Also without `Origin`, as some old or odd client would send it."""
    key = {"Api-Key": "lk_test_none", "Authorization": f"Bearer {stack.credential}"}
    body = b'{"detailsToken": "tok_x", "token": "tok_x"}'
    for listener in listeners:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            status, text, _ = await listener.ask("POST", listener.write, data=body, headers={**key, "Content-Type": kind})
            assert status in (401, 415), (listener.name, kind)
            assert "tok_x" not in text
    assert stack.ledger.called("introspect") == []


async def test_no_listener_may_be_framed_or_cached(listeners: list[Listener]) -> None:
    for listener in listeners:
        _, _, headers = await listener.ask("GET", listener.read)
        assert headers["cache-control"] == "no-store", listener.name
        assert "frame-ancestors 'none'" in headers["content-security-policy"], listener.name
        assert headers["x-content-type-options"] == "nosniff", listener.name


async def test_http_on_the_channels_port_is_not_heard(stack: Stack) -> None:
    url = f"https://localhost:{stack.broker.channel_port}/"
    connector = aiohttp.TCPConnector(ssl=client_context(stack.state.pki))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(url, headers={"Origin": EVIL})
