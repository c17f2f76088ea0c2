"""A broker with a real egress process and a merchant: what tests of surrogate mode stand on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stdnum import luhn

from broker.client import BrokerClient
from broker.core.canonical import b64u, unb64u
from broker.core.clock import SystemClock
from broker.egress.settings import EgressSettings, Limits
from broker.egress.taught import write_taught
from broker.protocol.channel import DeliverSurrogate, Offer, Ready
from broker.protocol.decision import Seen
from broker.protocol.egress import AskCoverage, Chunk, Coverage, End, Head, Send, WholeAnswer
from broker.protocol.sealing import key_id
from broker.protocol.surrogate import Surrogate, SurrogateCard
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import NUMBER, ORIGIN
from tests.api.broker.harness import Stack, running_stack
from tests.api.broker.waiting import eventually
from tests.unit.egress.merchant import Merchant, merchant_with_ca
from tests.unit.egress.process import EgressProcess, start
from tests.unit.egress.values import taught_as

FORM = "application/x-www-form-urlencoded"


def stand_in_for(number: str) -> str:
    return next(n for n in (f"{number[:6]}9948{digit}{number[-5:]}" for digit in range(10)) if luhn.is_valid(n) and n != number)


SURROGATE = stand_in_for(NUMBER)
STAND_IN = SurrogateCard(
    surrogate=Surrogate(number=SURROGATE, security_code="751"), expiration_month=3, expiration_year=2031, cardholder_name="ADA EXAMPLE"
)


@dataclass
class Answered:
    """All that a browser got for one paused request."""

    end: End
    head: Head | WholeAnswer | None
    body: bytes


@dataclass
class Shopping:
    """The parties of a payment."""

    stack: Stack
    merchant: Merchant
    egress: EgressProcess
    settings: EgressSettings
    browser: Browser
    agent: BrokerClient
    requests: int = field(default=0)

    @property
    def releases(self) -> Any:
        return self.stack.broker.releases

    async def ask(self, **facts: Any) -> tuple[str, Offer]:
        """The agent asks, the browser shows it."""
        token = self.stack.ledger.mint(egress_keys=(key_id(self.egress.public_key),), **facts)
        release = await self.agent.request_release(token, page_url=ORIGIN + "/pay")
        return release.id, await self.browser.expect(Offer)

    async def approve(self, offer: Offer, **changes: Any) -> None:
        seen = Seen(origin=ORIGIN, frame_origins=(), page_amount=None, first_time_here=True)
        chosen = {"mode": "surrogate", "recipient_key_id": key_id(self.egress.public_key), "seen": seen}
        await self.browser.approve(offer, **{**chosen, **changes})

    async def delivered(self) -> str:
        """As far as the stand-ins in the browser's hands."""
        release_id, offer = await self.ask()
        await self.approve(offer)
        assert (await self.browser.expect(DeliverSurrogate)).card == STAND_IN
        return release_id

    async def ready(self) -> str:
        """As far as the form that waits to be submitted."""
        release_id = await self.delivered()
        await self.browser.send(Ready(release_id=release_id, fields=("number", "securityCode")))
        await self.browser.settled()
        return release_id

    def request(self, release_id: str, url: str | None = None, **changes: Any) -> Send:
        self.requests += 1
        fields: dict[str, Any] = {
            "request_id": f"interception-{self.requests}", "release_id": release_id, "method": "POST",
            "url": url or self.merchant.url("form-pay.localhost", "/pay/acct_1"), "headers": (("Content-Type", FORM),),
            "body": b64u(f"card%5Bnumber%5D={SURROGATE}&card%5Bcvc%5D=751".encode()), "top_origin": ORIGIN, "frame_origin": ORIGIN,
            "resource_type": "fetch",
        }  # fmt: skip
        return Send(**{**fields, **changes})

    async def pay(self, release_id: str, url: str | None = None, **changes: Any) -> Answered:
        """Submit: the paused request and all of its answer."""
        await self.browser.send(self.request(release_id, url, **changes))
        return await self.answered()

    async def answered(self, seconds: float = 20) -> Answered:
        head, body = None, b""
        while True:
            item = await self.browser.expect_one_of(Head, Chunk, End, seconds=seconds)
            if isinstance(item, Head):
                head = item
            elif isinstance(item, Chunk):
                body += unb64u(item.data)
            elif isinstance(item, End):
                return Answered(item, item.answer or head, unb64u(item.answer.data) if item.answer else body)

    async def covers(self, origin: str, *frames: str) -> Coverage:
        await self.browser.send(AskCoverage(request_id="ask-1", origin=origin, frame_origins=frames))
        return await self.browser.expect(Coverage)

    async def restart_egress(self) -> None:
        """Kill it and start it again; the broker finds it by itself."""
        await self.egress.kill()
        await self.stack.happened("broker:egress:lost")
        self.egress = await start(self.settings)

    async def outcome(self, release_id: str) -> tuple[str | None, str | None]:
        """How it ended for the agent: code and sentence."""
        ended = await self.agent.wait(release_id, 20)
        return ended.outcome, ended.message


def teach(folder: Path) -> None:
    """A person taught how the shop pays, and where a payment of it may be sent on to."""
    folder.mkdir(parents=True)
    further = taught_as("form", ORIGIN, id="taught-further", host="worker-pay.localhost", path="/further", accounts=())
    write_taught(folder, (taught_as("form", ORIGIN), further))


@asynccontextmanager
async def shopping(root: Path, limits: Limits | None = None) -> AsyncIterator[Shopping]:
    async with merchant_with_ca(root / "shop") as (merchant, ca_file):
        settings = EgressSettings(
            folder=root / "egress", socket=root / "run" / "egress.sock", broker_uid=os.getuid(), sandbox=True, extra_ca=ca_file,
            limits=limits or Limits(),
        )  # fmt: skip
        teach(settings.folder)
        egress = await start(settings)
        try:
            async with running_stack(root / "state", egress_socket=settings.socket) as stack:
                stack.clock.ms = SystemClock().now_ms()
                stack.ledger.stand_in = STAND_IN
                stack.ledger.recipients[key_id(egress.public_key)] = egress.public_key
                browser = await stack.browser()
                await eventually(lambda: stack.broker.egress.health is not None)
                async with stack.client() as agent:
                    made = Shopping(stack, merchant, egress, settings, browser, agent)
                    yield made
                    egress = made.egress
        finally:
            if egress.process.returncode is None:
                await egress.kill()
