"""One purchase: the agent asks, the person decides, the form is filled, the agent pays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, Page

from broker.core.errors import LedgerError
from broker.demo.account import Account
from broker.demo.processes import Child
from broker.demo.shops.kinds import SHOP_NAME
from broker.demo.stage import OpenShop, Stage
from broker.demo.witness import Reading

_AGENT_SECONDS = 60.0
_DECISION_SECONDS = 150.0
AGENT_WORDS = "Notebooks for the design team, as asked this morning"
EXPECTED_AMOUNT = 5_000


@dataclass(frozen=True, slots=True)
class Paid:
    """The shop's answer, all that the agent could read meanwhile, and how the release ended."""

    text: str
    held: Reading = field(repr=False)
    outcome: str


class Purchase:
    """A running agent and what it has told so far."""

    def __init__(self, agent: Child) -> None:
        self._agent = agent

    async def expect(self, event: str, seconds: float = _AGENT_SECONDS) -> dict[str, Any]:
        """The agent's next message, which must be `event`; a `LedgerError` with its own words when it failed."""
        said = await self._agent.read_json(seconds)
        if said.get("event") == "failed":
            raise LedgerError(500, "agent_failed", f"The agent was refused: {said.get('message')}", said.get("next_step"))
        if said.get("event") != event:
            raise self._agent.failure(f"The agent said {said.get('event')!r} where {event!r} was due.")
        return said

    async def released(self) -> dict[str, Any]:
        """How the release ended, as the agent learned it."""
        return await self.expect("released", _DECISION_SECONDS)

    async def held(self) -> Reading:
        """All that the agent could read of the checkout since the last look."""
        said = await self.expect("held")
        return Reading(**{name: said[name] for name in ("page", "sent", "answers", "others")})

    async def let_pay(self) -> Paid:
        """Tell the agent to go on, and wait until it has paid."""
        assert self._agent.process.stdin is not None
        self._agent.process.stdin.write(b"\n")
        await self._agent.process.stdin.drain()
        text = str((await self.expect("paid"))["text"])
        held = await self.held()
        ended = await self.expect("ended")
        await self.expect("done")
        return Paid(text, held, str(ended["outcome"]))


@asynccontextmanager
async def purchase(stage: Stage, account: Account, shop: OpenShop, port: int, **changes: Any) -> AsyncIterator[Purchase]:
    """Start an agent that buys at `shop` in the browser on DevTools `port`; `changes` replace parts of its task."""
    task = {
        "issuer_url": stage.state.issuer_endpoints()["publicUrl"],
        "broker_url": stage.state.broker_endpoints()["agentUrl"],
        "ca_file": str(account.ca_file),
        "agent_token": account.agent_token,
        "broker_credential": account.broker_credential,
        "card_id": account.card_id,
        "shop_url": shop.origin + "/",
        "browser_port": port,
        "transcript": str(stage.transcript),
        "summary": AGENT_WORDS,
        "expected_amount": EXPECTED_AMOUNT,
        "merchant_text": SHOP_NAME,
    } | changes
    agent = await stage.start_agent(task)
    try:
        yield Purchase(agent)
    finally:
        await agent.stop()


def checkout_page(context: BrowserContext, origin: str) -> Page:
    """The tab that shows the shop."""
    for page in reversed(context.pages):
        if page.url.startswith(f"{origin}/"):
            return page
    raise LedgerError(500, "no_checkout", "The shop's tab is gone.")


async def read_card_field(page: Page) -> str:
    """The card number field's value, as any script in the page reads it."""
    return str(await page.eval_on_selector("input[name=number]", "field => field.value"))
