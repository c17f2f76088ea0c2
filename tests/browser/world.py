"""Everything that runs for the browser tests, and short words for what a test does with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from playwright.async_api import Page

from broker import admin
from broker.client import AgentClient, BrokerClient, CardDetails, LedgerClient, Release
from broker.core.origin import parse_origin
from broker.demo.shops.kinds import Kind
from broker.demo.story import Story
from broker.issuer.admin import read_events
from broker.tlog import Entry

ANSWER_SECONDS = 130
USES = 8


class World:
    """A running LedgerOS, broker, shop and browser, paired and enrolled."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.stage = story.stage
        self.person = story.person
        self.shop = story.shop
        self._uses = 0
        self._port = self.shop.origin.rpartition(":")[2]

    async def card(self) -> str:
        """A card for this shop that has details left to ask for (LedgerOS allows ten an hour)."""
        if self._uses % USES == 0:
            await self.story.account.new_card(type="multi")
        self._uses += 1
        return self.story.account.card_id

    async def own_card(self, **changes: Any) -> str:
        """A card for one test alone, for example because it pays; of the usual kind unless `changes` say otherwise."""
        await self.story.account.new_card(**changes)
        self._uses = 0
        return self.story.account.card_id

    async def send_another_agent(self) -> None:
        """An agent that nobody has denied yet: after denials the broker lets the same one wait."""
        added = await asyncio.to_thread(admin.add_agent, self.stage.state.path, "checkout-bot")
        self.story.account.broker_credential = added.credential

    async def open(self, path: str = "/checkout", kind: Kind = Kind.FIRST_PARTY) -> Page:
        """A tab at the shop, or at another kind of shop."""
        page = await self.story.browser.context.new_page()
        await page.goto(self.shop.at(kind) + path)
        return page

    async def release(self, card_id: str, page_url: str, **options: Any) -> Release:
        """What an agent gets when it asks for a release on `page_url`."""
        account, state = self.story.account, self.stage.state
        async with (
            LedgerClient(state.issuer_endpoints()["publicUrl"], account.agent_token, account.ca_file) as ledger,
            BrokerClient(state.broker_endpoints()["agentUrl"], account.broker_credential, account.ca_file) as broker,
        ):
            wanted: dict[str, Any] = {"summary": "Notebooks", "expected_amount": 5_000, "merchant_text": "Paper & Pine"} | options
            return await AgentClient(ledger, broker).release(card_id, page_url=page_url, **wanted)

    async def details(self, card_id: str, page_url: str) -> CardDetails:
        """Card details alone: a token that nobody has used."""
        account = self.story.account
        async with LedgerClient(self.stage.state.issuer_endpoints()["publicUrl"], account.agent_token, account.ca_file) as ledger:
            origin = parse_origin(page_url)
            return await ledger.card_details(card_id, summary="Notebooks", expected_amount=5_000, client_context={"origin": origin})

    async def request(self, token: str, page_url: str) -> Release:
        """A release for a token that exists already."""
        account = self.story.account
        async with BrokerClient(self.stage.state.broker_endpoints()["agentUrl"], account.broker_credential, account.ca_file) as broker:
            release = await broker.request_release(token, page_url=page_url)
            return await broker.wait(release.id, ANSWER_SECONDS)

    def ask(self, card_id: str, page_url: str, **options: Any) -> asyncio.Task[Release]:
        """`release`, running beside the test."""
        return asyncio.create_task(within(self.release(card_id, page_url, **options)))

    async def approve(self, clicks: int = 1, until: str = "Filled") -> None:
        """The person approves what the popup shows and sees it through."""
        async with self.person.popup() as popup:
            await popup.approve(clicks)
            await popup.wait_for_text(until)

    async def ended(self, release: Release) -> Release:
        """How a release that waited for the page to pay ended."""
        account = self.story.account
        async with BrokerClient(self.stage.state.broker_endpoints()["agentUrl"], account.broker_credential, account.ca_file) as broker:
            return await broker.wait(release.id, ANSWER_SECONDS)

    def issuer_events(self, name: str = "") -> list[Entry]:
        """LedgerOS's log, or one kind of event in it."""
        return [entry for entry in read_events(self.stage.state.path) if name in entry.name]

    def broker_events(self, name: str = "") -> list[Entry]:
        """The broker's log, or one kind of event in it."""
        return [entry for entry in admin.list_events(self.stage.state.path) if name in entry.name]

    async def reopen_browser(self) -> None:
        """Start Chromium again on the same profile; the person still has the passkey."""
        self.story.browser = await self.stage.open_browser(self.shop)
        self.person.moves_to(self.story.browser)
        await self.person.wait_until_connected()

    async def tidy(self) -> None:
        """Close the tabs and windows of a test."""
        for page in self.story.browser.context.pages:
            if page.url.startswith("chrome-extension://") or f":{self._port}/" in page.url:
                await page.close()


async def within(work: Coroutine[Any, Any, Release]) -> Release:
    """`work`, ended when it takes longer than anything here may."""
    return await asyncio.wait_for(work, ANSWER_SECONDS)
