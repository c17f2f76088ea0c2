"""HTTP at the brokers' listener: what its answers carry, when a connection stays, and bodies that come late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from broker.pki.contexts import client_context
from broker.pki.profile import Roles
from tests.api.issuer.harness import World
from tests.api.issuer.parties import broker_peer
from tests.api.issuer.serving import Issuer, ask

JSON = {"Content-Type": "application/json"}


def url(issuer: Issuer, path: str) -> str:
    return f"{issuer.context.addresses.broker_url}/broker/v1/{path}"


async def test_answers_are_never_kept_and_do_nothing_in_a_page(issuer: Issuer) -> None:
    async with broker_peer(issuer) as broker:
        reply = await ask(broker.session, "GET", url(issuer, "health"))
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert not any(name.lower().startswith("access-control") for name in reply.headers)


async def send(issuer: Issuer, *requests: bytes) -> bytes:
    """What comes back on one connection of a broker until LedgerOS closes it."""
    address = issuer.context.addresses.broker_url.removeprefix("https://")
    tls = client_context(issuer.pki, Roles.BROKER_CLIENT)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rsplit(":", 1)[1]), ssl=tls, server_hostname="localhost")
    writer.write(b"".join(request.replace(b"HOST", address.encode()) for request in requests))
    answers = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answers


STAY = b"GET /broker/v1/health HTTP/1.1\r\nHost: HOST\r\n\r\n"
CLOSE = b"GET /broker/v1/health HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"


async def test_requests_at_once_are_answered_in_their_order_until_one_closes_the_connection(issuer: Issuer) -> None:
    unknown = STAY.replace(b"health", b"nothing")
    answers = await send(issuer, STAY, unknown, STAY, CLOSE)
    statuses = [answer.split(b" ", 1)[0] for answer in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"200", b"200"]
    assert answers.count(b"Connection: close\r\n") == 1


async def test_an_older_client_is_answered_once(issuer: Issuer) -> None:
    answers = await send(issuer, STAY.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert answers.startswith(b"HTTP/1.0 200 OK\r\n")
    assert answers.count(b"HTTP/1.") == 1  # and the connection is closed: `send` reads to its end


@pytest.mark.parametrize("size", [0, 70_000])
async def test_a_body_that_comes_late_is_read_whole_and_bounded(world: World, size: int) -> None:
    token, decision = await world.approved()
    body = b'{"token":"%s","signed":%s}' % (token.encode(), world.device.sign(decision).model_dump_json(by_alias=True).encode())

    async def slowly() -> AsyncIterator[bytes]:
        for part in (body[:100], b" " * size + body[100:]):
            await asyncio.sleep(0.05)
            yield part

    reply = await ask(world.broker.session, "POST", url(world.issuer, "redeem"), data=slowly(), headers=JSON)
    assert reply.status == (413 if size else 200), reply.text
    assert (await world.access_event(token))["status"] == ("granted" if size else "consumed")
