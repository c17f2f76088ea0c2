"""The MCP server as a process of its own, spoken to by the SDK's client over both transports."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiohttp import ClientSession
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from broker.protocol.channel import Deliver, Offer
from tests.api.broker.fake_browser import read_facts
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.client.harness import MCP_TOKEN, Till

ROOT = Path(__file__).resolve().parents[3]
ORDER = {"page_url": ORIGIN + "/checkout", "card": "card_1", "amount": 5_000, "purpose": "Paper for the office"}
TOOLS = {"ledger_pay", "ledger_status", "ledger_card"}


def arguments(till: Till, *more: str) -> list[str]:
    return ["-P", "-m", "broker.cli", "mcp", "--config", str(till.write_configuration()), *more]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300"}


@asynccontextmanager
async def over_stdio(till: Till) -> AsyncIterator[Client]:
    async with Client(StdioServerParameters(command=sys.executable, args=arguments(till), env=environment())) as client:
        yield client


@asynccontextmanager
async def http_address(till: Till) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments(till, "--http", "--port", "0"), env=environment(), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        line = (await asyncio.wait_for(process.stderr.readline(), 40)).decode()
        assert line.startswith("MCP at http://127.0.0.1:"), line
        yield line.removeprefix("MCP at ").strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 20)


@asynccontextmanager
async def over_http(till: Till) -> AsyncIterator[Client]:
    async with (
        http_address(till) as url,
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {MCP_TOKEN}"}, timeout=60, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


class Agent:
    """Calls tools and keeps everything that came back."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: list[str] = []

    async def call(self, name: str, **given: Any) -> dict[str, Any]:
        result = await self.client.call_tool(name, given)
        self.heard.append(result.model_dump_json())
        assert result.structured_content is not None, result
        answer: dict[str, Any] = result.structured_content
        return answer


@pytest.mark.parametrize("transport", [over_stdio, over_http])
async def test_an_agent_pays_and_no_tool_says_a_number_or_a_token(till: Till, transport: Any) -> None:
    async with transport(till) as client:
        agent = Agent(client)
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        (card,) = (await agent.call("ledger_card"))["cards"]
        assert (card["id"], card["last4"], card["maxAmount"]) == ("card_1", "7897", 10_000)
        assert (await agent.call("ledger_card", card="card_1"))["cards"] == [card]
        browser = await till.stack.browser()

        waiting = await agent.call("ledger_pay", **ORDER, wait_seconds=0)
        assert waiting["status"] == "waiting"
        again = await agent.call("ledger_pay", **ORDER, wait_seconds=0)
        assert again["payment"] == waiting["payment"], "the same order is the same payment"
        offer = await browser.expect(Offer, 20)
        deciding = asyncio.create_task(agent.call("ledger_status", payment=waiting["payment"], wait_seconds=40))
        signed = await browser.approve(offer)
        await browser.fill(await browser.expect(Deliver, 20), signed)
        ended = await deciding
        assert (ended["status"], ended["code"], ended["filled"], ended["last4"]) == ("finished", "filled", True, "7897")

        overview = await agent.call("ledger_status")
        assert (overview["ledgeros"], overview["broker"]) == ({"answers": True}, {"answers": True})
        assert [payment["payment"] for payment in overview["payments"]] == [waiting["payment"]]
        assert (await agent.call("ledger_status", payment="pay_none"))["code"] == "not_found"
    assert till.ledger.tokens
    heard = " ".join(agent.heard)
    assert not [secret for secret in till.secrets if secret in heard]
    assert "tok_" not in heard


async def test_a_subscription_is_asked_for_as_one(till: Till) -> None:
    async with over_stdio(till) as client:
        browser = await till.stack.browser()
        agent = Agent(client)
        once = await agent.call("ledger_pay", **ORDER, wait_seconds=0)
        await browser.deny((await browser.expect(Offer, 20)).release_id)
        await agent.call("ledger_status", payment=once["payment"], wait_seconds=40)
        often = await agent.call("ledger_pay", **ORDER, reason="subscription", wait_seconds=0)
        assert often["payment"] != once["payment"]
        assert read_facts(await browser.expect(Offer, 20)).reason == "subscription"
        assert (await client.call_tool("ledger_pay", {**ORDER, "reason": "forever"})).is_error
    assert [intent["reason"] for intent in till.ledger.intents.values()] == ["one-time", "subscription"]


async def test_refusals_come_as_words_and_nothing_is_paid_twice(till: Till) -> None:
    hostile = f"frozen, token was tok_{'T' * 43}, card 4242 4242 4242 4242"
    till.ledger.refusals["intents"] = (403, {"error": hostile, "code": "card_frozen", "hint": "Unfreeze it."})
    async with over_stdio(till) as client:
        agent = Agent(client)
        refused = await agent.call("ledger_pay", **ORDER)
        assert (refused["code"], refused["nextStep"]) == ("refused_by_issuer", "Unfreeze it.")
        till.ledger.refusals = {"cards": (401, {"error": "Invalid API key", "code": "invalid_key"})}
        assert (await agent.call("ledger_card"))["sentence"] == "Invalid API key"
        assert (await agent.call("ledger_status"))["ledgeros"]["answers"] is False
        assert (await agent.call("ledger_pay", **{**ORDER, "page_url": "file:///etc/passwd"}))["code"] == "invalid_request"
        too_small = await client.call_tool("ledger_pay", {**ORDER, "amount": 0})
        assert too_small.is_error
    heard = " ".join(agent.heard)
    assert "tok_" not in heard
    assert "4242 4242" not in heard


@pytest.mark.parametrize("transport", [over_stdio, over_http])
async def test_a_server_that_ends_takes_its_requests_back(till: Till, transport: Any) -> None:
    browser = await till.stack.browser()
    async with transport(till) as client:
        await Agent(client).call("ledger_pay", **ORDER, wait_seconds=0)
        await browser.expect(Offer, 20)
    assert till.ledger.canceled == list(till.ledger.intents)
    assert till.ledger.tokens == []


async def test_http_answers_neither_pages_nor_strangers(till: Till) -> None:
    async with http_address(till) as url, ClientSession() as session:
        bearer = {"Authorization": f"Bearer {MCP_TOKEN}", "Accept": "application/json, text/event-stream"}
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({**bearer, "Origin": "https://evil.example"}, 403),
            ({**bearer, "Host": "evil.example"}, 403),
        ):
            async with session.post(url, json={}, headers=headers) as response:
                assert response.status == status
                assert "Access-Control-Allow-Origin" not in response.headers


async def test_http_without_a_token_of_its_own_does_not_start(till: Till) -> None:
    file = till.write_configuration()
    file.write_text(file.read_text().replace(MCP_TOKEN, "short"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "broker.cli", "mcp", "--config", str(file), "--http", env=environment(), stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 40)
    assert process.returncode == 1
    assert b"needs mcpToken" in said
