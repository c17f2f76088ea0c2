"""What the client's tests stand on: a running broker, a browser made of Python, and LedgerOS's public API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from broker.client import Configuration
from broker.pki.contexts import server_context
from broker.pki.profile import Roles
from broker.protocol.channel import Deliver, Offer
from broker.protocol.decision import SignedDecision
from broker.protocol.outcomes import Outcome
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import NUMBER, FakeLedger
from tests.api.broker.harness import Stack, running_stack

AGENT_TOKEN = "at_test_" + "A" * 43
MCP_TOKEN = "mcp_" + "M" * 43
CARD = {
    "id": "card_1", "agentId": "agent_1", "userId": "user_1", "status": "active", "last4": NUMBER[-4:], "purpose": "Paper",
    "type": "multi", "maxAmount": 10_000, "brand": "Visa", "credentialExposure": "extensionOnly", "currentSpend": 0, "lockedMerchant": None,
}  # fmt: skip


@dataclass
class PublicLedger:
    """The part of LedgerOS's public API that an agent calls. It mints what `issuer`, its broker API, then knows."""

    issuer: FakeLedger
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    egress_keys: tuple[str, ...] = ()
    canceled: list[str] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refusals: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        app = web.Application()
        app.router.add_post("/v1/cards/{id}/intents", self._intent)
        app.router.add_post("/v1/cards/{id}/details", self._details)
        app.router.add_post("/v1/intents/{id}/cancel", self._cancel)
        app.router.add_get("/v1/cards/{id}", self._card)
        app.router.add_get("/v1/cards", self._cards)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(
            runner, "127.0.0.1", 0, ssl_context=server_context(self.issuer.pki, Roles.ISSUER_SERVER, client_certificate=False)
        )
        await site.start()
        self.url = f"https://localhost:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def _refused(self, request: web.Request, call: str) -> web.Response | None:
        if request.headers.get("Api-Key") != AGENT_TOKEN:
            return web.json_response({"error": "Invalid API key", "code": "invalid_key"}, status=401)
        if call in self.refusals:
            status, body = self.refusals[call]
            return web.json_response(body, status=status)
        return None

    async def _intent(self, request: web.Request) -> web.Response:
        if refusal := self._refused(request, "intents"):
            return refusal
        body = await request.json()
        intent_id = self.issuer.intend(
            card_id=request.match_info["id"], expected_amount=body["expectedAmount"], merchant_text=body.get("expectedMerchant"),
            summary=body["summary"], egress_keys=self.egress_keys,
        )  # fmt: skip
        self.intents[intent_id] = body
        return web.json_response({"id": intent_id, "status": "pending_approval"}, status=201)

    async def _details(self, request: web.Request) -> web.Response:
        if refusal := self._refused(request, "details"):
            return refusal
        body = await request.json()
        self.details.append(body)
        token = self.issuer.mint(card_id=request.match_info["id"], egress_keys=self.egress_keys)
        self.tokens.append(token)
        answer = {"accessEventId": "evt_1", "exposureMode": "extensionOnly", "detailsToken": token, "last4": NUMBER[-4:]}
        return web.json_response({**answer, "tokenExpiresAt": self.issuer.clock.now_ms() + 120_000})

    async def _cancel(self, request: web.Request) -> web.Response:
        self.canceled.append(request.match_info["id"])
        return self._refused(request, "cancel") or web.json_response({"id": request.match_info["id"], "status": "canceled"})

    async def _card(self, request: web.Request) -> web.Response:
        return self._refused(request, "card") or web.json_response({**CARD, "id": request.match_info["id"]})

    async def _cards(self, request: web.Request) -> web.Response:
        return self._refused(request, "cards") or web.json_response({"data": [CARD], "hasMore": False, "cursor": None})


@dataclass
class Till:
    """All of it together."""

    stack: Stack
    ledger: PublicLedger
    folder: Path

    @property
    def configuration(self) -> Configuration:
        return Configuration(
            self.ledger.url, self.stack.broker.agent_url, self.stack.state.pki.ca_file, AGENT_TOKEN, self.stack.credential, MCP_TOKEN
        )

    @property
    def secrets(self) -> list[str]:
        """What no output of a client may hold."""
        return [AGENT_TOKEN, MCP_TOKEN, self.stack.credential, NUMBER, *self.ledger.tokens]

    def write_configuration(self) -> Path:
        """The configuration as an agent's file."""
        file, known = self.folder / "agent.json", self.configuration
        members = {
            "ledgerUrl": known.ledger_url, "brokerUrl": known.broker_url, "caFile": str(known.ca_file), "agentToken": AGENT_TOKEN,
            "brokerCredential": known.broker_credential, "mcpToken": MCP_TOKEN,
        }  # fmt: skip
        file.touch(mode=0o600)
        file.write_text(json.dumps(members))
        return file

    async def approving_browser(self, *outcomes: Outcome) -> asyncio.Task[Browser]:
        """A browser whose person approves; each token ends as the next of `outcomes`."""
        browser = await self.stack.browser()
        return asyncio.create_task(_approve(browser, outcomes or (Outcome.FILLED,)))


async def _approve(browser: Browser, outcomes: tuple[Outcome, ...]) -> Browser:
    offer = await browser.expect(Offer, 40)
    signed = await browser.approve(offer)
    for outcome in outcomes:
        await _end(browser, signed, outcome)
    return browser


async def _end(browser: Browser, signed: SignedDecision, outcome: Outcome) -> None:
    deliver = await browser.expect(Deliver, 20)
    if outcome is Outcome.FILLED:
        await browser.fill(deliver, signed)
    else:
        await browser.report(deliver.release_id, outcome)


@asynccontextmanager
async def running_till(folder: Path) -> AsyncIterator[Till]:
    """A broker, LedgerOS's two APIs, and one agent."""
    async with running_stack(folder / "state") as stack, PublicLedger(stack.ledger).running() as ledger:
        yield Till(stack, ledger, folder)
