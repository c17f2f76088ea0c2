"""The agent API's door: who may knock, from where, with what."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker import admin
from broker.client import AgentError, BrokerClient, UnreachableError
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder
from tests.api.broker.fake_ledger import ORIGIN, new_token
from tests.api.broker.harness import Stack, running_stack

TOKEN = "tok_" + "A" * 43


@pytest.fixture
async def http(stack: Stack) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {stack.credential}"}
    connector = aiohttp.TCPConnector(ssl=client_context(stack.state.pki))
    async with aiohttp.ClientSession(stack.broker.agent_url, connector=connector, headers=headers) as session:
        yield session


async def body_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    assert response.content_type == "application/json"
    assert "Access-Control-Allow-Origin" not in response.headers
    answer = await response.json()
    assert isinstance(answer, dict)
    return answer


async def test_health_needs_no_credential(stack: Stack, http: aiohttp.ClientSession) -> None:
    async with http.get("/v1/health", headers={"Authorization": ""}) as response:
        assert (response.status, await body_of(response)) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("header", "code", "word"),
    [
        (None, "missing_credential", "missing"),
        ("Basic eDp5", "invalid_credential", "bearer"),
        ("Bearer ", "invalid_credential", "bearer"),
        ("Bearer bt_unknown", "invalid_credential", "does not know"),
        ("Bearer lk_test_abc", "wrong_credential", "API key"),
        ("Bearer at_test_abc", "wrong_credential", "agent token"),
        ("Bearer tok_abc", "wrong_credential", "detailsToken"),
    ],
)
async def test_a_wrong_credential_is_refused_with_the_reason(
    stack: Stack, http: aiohttp.ClientSession, header: str | None, code: str, word: str
) -> None:
    connector = aiohttp.TCPConnector(ssl=client_context(stack.state.pki))
    async with (
        aiohttp.ClientSession(stack.broker.agent_url, connector=connector) as bare,
        bare.get("/v1/releases", headers={} if header is None else {"Authorization": header}) as response,
    ):
        answer = await body_of(response)
        assert (response.status, answer["code"]) == (401, code)
        assert word in answer["error"]
        assert "bt_…" in answer["hint"]
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_revoked_agent_is_refused_at_its_next_request(stack: Stack) -> None:
    async with stack.client() as agent:
        assert await agent.releases() == []
        [known] = await asyncio.to_thread(admin.list_agents, stack.state.root)
        await asyncio.to_thread(admin.revoke_agent, stack.state.root, known.id)
        with pytest.raises(AgentError, match="revoked"):
            await agent.releases()


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1", "localhost.evil.example:443", "[::1]:1"])
async def test_dns_rebinding_is_refused_before_anything_else(http: aiohttp.ClientSession, host: str) -> None:
    async with http.get("/v1/health", headers={"Host": host}) as response:
        assert (response.status, (await body_of(response))["code"]) == (403, "wrong_host")


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize("path", ["/v1/releases", "/v1/health", "/nothing"])
async def test_a_page_in_a_browser_is_refused(http: aiohttp.ClientSession, headers: dict[str, str], path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        async with http.request(method, path, headers=headers) as response:
            assert (response.status, (await body_of(response))["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("text/plain", b"{}", 415, "json_only"),
        ("application/x-www-form-urlencoded", b"a=b", 415, "json_only"),
        ("application/json", b"{", 400, "invalid_json"),
        ("application/json", b"[]", 400, "invalid_json"),
        ("application/json", b"\xff\xfe", 400, "invalid_json"),
        ("application/json", b"[" * 9_000, 400, "invalid_json"),
        ("application/json", b"{}", 400, "invalid_request"),
        ("application/json", b'{"detailsToken": "nope"}', 400, "invalid_request"),
        ("application/json", json.dumps({"detailsToken": TOKEN, "sneaky": 1}).encode(), 400, "invalid_request"),
        ("application/json", json.dumps({"detailsToken": TOKEN, "origin": "javascript:alert(1)"}).encode(), 400, "invalid_origin"),
        (
            "application/json",
            json.dumps({"detailsToken": TOKEN, "origin": ORIGIN, "pageUrl": "https://b.example/"}).encode(),
            400,
            "invalid_origin",
        ),
        ("application/json", b" " * 17_000, 413, "too_large"),
    ],
)
async def test_bad_input_is_a_clear_refusal(http: aiohttp.ClientSession, content_type: str, body: bytes, status: int, code: str) -> None:
    async with http.post("/v1/releases", data=body, headers={"Content-Type": content_type}) as response:
        answer = await body_of(response)
        assert (response.status, answer["code"]) == (status, code)
        assert "sneaky" not in json.dumps(answer)
        assert TOKEN not in json.dumps(answer)


async def test_unknown_paths_and_methods_are_json_too(http: aiohttp.ClientSession) -> None:
    async with http.get("/v2/other") as response:
        assert (response.status, (await body_of(response))["code"]) == (404, "not_found")
    async with http.delete("/v1/releases") as response:
        assert (response.status, (await body_of(response))["code"]) == (405, "method_not_allowed")
    async with http.get("/v1/releases/rel_none") as response:
        assert (response.status, (await body_of(response))["code"]) == (404, "not_found")
    for query in ("wait=soon", "wait=-1", "wait=1e3"):
        async with http.get(f"/v1/releases/rel_none?{query}") as response:
            assert (response.status, (await body_of(response))["code"]) == (400, "invalid_request")


async def test_an_agent_that_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    async with running_stack(tmp_path, releases_burst=2, releases_per_minute=30) as stack, stack.client() as agent:
        for _ in range(2):
            await agent.request_release(new_token())
        with pytest.raises(AgentError) as limited:
            await agent.request_release(new_token())
        assert (limited.value.status, limited.value.retry_after_ms) == (429, 2_000)
        stack.clock.advance(2)
        await agent.request_release(new_token())


async def test_an_agent_that_hangs_up_does_not_stop_its_release(stack: Stack) -> None:
    browser = await stack.browser()
    stack.ledger.pause = asyncio.Event()
    token = stack.ledger.mint()
    async with stack.client() as agent:
        asking = asyncio.create_task(agent.request_release(token))
        await stack.happened("agent:release:requested")
        asking.cancel()
    stack.ledger.pause.set()
    from broker.protocol.channel import Offer

    offer = await browser.expect(Offer)
    async with stack.client() as agent:
        assert (await agent.request_release(token)).id == offer.release_id


async def test_the_client_trusts_our_authority_only(stack: Stack, tmp_path: Path) -> None:
    foreign = PkiFolder(tmp_path / "foreign")
    foreign.initialise("brk_1", "host_1")
    async with BrokerClient(stack.broker.agent_url, stack.credential, foreign.ca_file) as agent:
        with pytest.raises(UnreachableError, match="certificate"):
            await agent.releases()


async def test_rotated_certificates_are_taken_up_without_a_restart(stack: Stack) -> None:
    from broker.pki.profile import Roles

    port = int(stack.broker.agent_url.rsplit(":", 1)[1])

    async def presented() -> bytes:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context(stack.state.pki), server_hostname="localhost")
        tls = writer.get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        writer.close()
        return tls.getpeercert(binary_form=True) or b""

    before = await presented()
    stack.state.pki.rotate(Roles.BROKER_SERVER, stack.broker.identity.broker_id)
    stack.broker.reload_certificates()
    assert await presented() != before
