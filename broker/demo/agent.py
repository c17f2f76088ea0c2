"""The demo's agent: a process that shops in somebody's browser and never learns the card number.

It is given, as one JSON line on standard input (`AgentTask`), an agent token of LedgerOS, a
credential at the broker, and a DevTools address of the browser. It says what it does as JSON lines
on standard output, and writes everything that was sent to it to its transcript: the demo searches
that file for the number afterwards. Beside that it tries to read the number from the checkout with all
that DevTools give it, and hands what it found to the demo, never to a file.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from broker.client import AgentError, BrokerClient, LedgerClient, Outcome
from broker.core.origin import parse_origin
from broker.demo.witness import Witness
from broker.protocol.agent_api import Release


@dataclass(frozen=True, slots=True)
class AgentTask:
    """What the agent is to buy, and what it holds. `pay` says whether it presses Pay after the fill."""

    issuer_url: str
    broker_url: str
    ca_file: str
    agent_token: str = field(repr=False)
    broker_credential: str = field(repr=False)
    card_id: str
    shop_url: str
    browser_port: int
    transcript: str
    summary: str
    expected_amount: int
    merchant_text: str


class Agent:
    """One purchase, told as it happens."""

    def __init__(self, task: AgentTask) -> None:
        self._task = task
        self._transcript = Path(task.transcript).open("a", encoding="utf-8")  # noqa: SIM115 - lives as long as the process

    def received(self, source: str, data: Any) -> None:
        """Keep what somebody sent us."""
        self._transcript.write(json.dumps({"from": source, "received": data}, default=str) + "\n")
        self._transcript.flush()

    def say(self, event: str, **facts: Any) -> None:
        """Tell the demo."""
        print(json.dumps({"event": event, **facts}), flush=True)

    async def shop(self) -> None:
        """Open the shop, ask for a release at the checkout, pay."""
        task = self._task
        async with (
            async_playwright() as playwright,
            _RecordedLedger(self, task.issuer_url, task.agent_token, task.ca_file) as ledger,
            _RecordedBroker(self, task.broker_url, task.broker_credential, task.ca_file) as broker,
        ):
            browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{task.browser_port}")
            witness = Witness(browser.contexts[0])
            page = await browser.contexts[0].new_page()
            await witness.listen(page)
            await page.goto(task.shop_url)
            await page.get_by_role("link", name="Check out").click()
            await self.read(page)
            self.say("checkout", url=page.url)
            release = await self.obtain_release(page, ledger, broker)
            if release.outcome in (None, Outcome.FILLED):
                await self.hand_over(witness, page)
                await self.go_on()
                await self.pay(page)
                await self.hand_over(witness, page)
                release = await broker.wait(release.id)
            self.say("ended", outcome=release.outcome, message=release.message, next_step=release.next_step)
        self.say("done")

    async def hand_over(self, witness: Witness, page: Page) -> None:
        """All that could be read since the last time."""
        self.say("held", **asdict(await witness.look(page)))

    async def pay(self, page: Page) -> None:
        """Press Pay and read the answer."""
        await page.get_by_role("button", name="Pay").click()
        await page.locator("#outcome").wait_for()
        self.say("paid", text=await self.read(page))

    async def read(self, page: Page) -> str:
        """The page's text, as an agent reads it."""
        text = await page.inner_text("body")
        self.received("page", text)
        return text

    async def obtain_release(self, page: Page, ledger: LedgerClient, broker: BrokerClient) -> Release:
        """Card details from LedgerOS, a release from the broker, which ends filled or waits for the page to pay."""
        task = self._task
        details = await ledger.card_details(
            task.card_id,
            summary=task.summary,
            expected_amount=task.expected_amount,
            merchant_text=task.merchant_text,
            client_context={"origin": parse_origin(page.url)},
        )
        self.say("details", last4=details.last4)
        release = await broker.request_release(details.details_token, page_url=page.url, purpose=task.summary)
        self.say("asked", release=release.id)
        release = await broker.wait_until_ready(release.id)
        facts = {"status": release.status, "mode": release.mode, "outcome": release.outcome, "fields": release.fields}
        self.say("released", **facts, message=release.message, next_step=release.next_step)
        return release

    async def go_on(self) -> None:
        """Wait for the demo's word: it looks at the filled page first."""
        await asyncio.to_thread(sys.stdin.readline)


class _RecordedLedger(LedgerClient):
    """Keeps every body that LedgerOS sent, before it is looked at."""

    def __init__(self, agent: Agent, *arguments: str) -> None:
        super().__init__(*arguments)
        self._agent = agent

    def _read(self, status: int, data: bytes) -> dict[str, Any]:
        self._agent.received("LedgerOS", data.decode("utf-8", "replace"))
        return super()._read(status, data)


class _RecordedBroker(BrokerClient):
    """Keeps every body that the broker sent."""

    def __init__(self, agent: Agent, *arguments: str) -> None:
        super().__init__(*arguments)
        self._agent = agent

    def _read(self, status: int, data: bytes) -> dict[str, Any]:
        self._agent.received("broker", data.decode("utf-8", "replace"))
        return super()._read(status, data)


def main() -> None:
    """Read the task from standard input and do it; exits 1 with one JSON line when it cannot."""
    agent = Agent(AgentTask(**json.loads(sys.stdin.readline())))
    try:
        asyncio.run(agent.shop())
    except AgentError as error:
        agent.say("failed", message=error.message, next_step=error.next_step)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
