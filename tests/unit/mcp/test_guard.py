"""MCP over HTTP answers a process that has the token, under a loopback name, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from broker.mcp.guard import Guard

TOKEN = "mcp_" + "M" * 43
HOST = ("host", "127.0.0.1:8460")
BEARER = ("authorization", f"Bearer {TOKEN}")


async def status_of(*headers: tuple[str, str]) -> int:
    guard = Guard(PlainTextResponse("inside"), TOKEN, frozenset({HOST[1], "localhost:8460"}))
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/mcp", "headers": [(n.encode(), v.encode()) for n, v in headers]}
    await guard(scope, receive, send)
    assert (said[1]["body"] == b"inside") == (said[0]["status"] == 200)
    return int(said[0]["status"])


async def test_the_token_under_a_loopback_name_is_let_in() -> None:
    assert await status_of(HOST, BEARER) == 200
    assert await status_of(("host", "localhost:8460"), ("authorization", f"bearer {TOKEN}")) == 200


@pytest.mark.parametrize(
    "headers",
    [
        (BEARER,),
        (("host", "evil.example"), BEARER),
        (("host", "127.0.0.1:9999"), BEARER),
        (HOST, ("host", "evil.example"), BEARER),
        (HOST, BEARER, ("origin", "https://evil.example")),
        (HOST, BEARER, ("origin", "null")),
        (HOST, BEARER, ("origin", "http://127.0.0.1:8460")),
        (HOST, BEARER, ("sec-fetch-site", "same-origin")),
    ],
)
async def test_pages_and_other_names_are_refused(headers: tuple[tuple[str, str], ...]) -> None:
    assert await status_of(*headers) == 403


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN])
async def test_without_the_token_nothing_answers(value: str | None) -> None:
    headers = (HOST,) if value is None else (HOST, ("authorization", value))
    assert await status_of(*headers) == 401
