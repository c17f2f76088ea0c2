"""A browser in which releases are decided by a standing rule, a merchant, and an egress: for tests and benchmarks of payments."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Error, Page

from broker.protocol.decision import Decision
from broker.protocol.grants import Grant, GrantState
from tests.browser.extension.conftest import Browser, chromium
from tests.browser.extension.peer import SURROGATE, Peer, now_ms
from tests.browser.interception.merchant import Merchant, Swapper

EGRESS_KEY = "ZWdyZXNzLWtleS1pZC0x"


@dataclass
class Paying:
    """A browser in which releases are decided by a standing rule, a merchant, and an egress."""

    browser: Browser
    merchant: Merchant
    egress: Swapper
    released: list[str] = field(default_factory=list)

    @property
    def peer(self) -> Peer:
        return self.browser.peer

    @property
    def shop(self) -> str:
        return self.browser.shop

    @property
    def processor(self) -> str:
        return self.shop.replace("shop.", "pay.")

    def rule(self) -> GrantState:
        """Any payment here, in either mode."""
        grant = Grant(
            version=1, grant_id="grant_1", device_id="dev_1", agent_id="agent_1", agent_name="checkout-bot", origin=self.shop,
            max_amount=10_000, currency="USD", count_per_day=1_000, from_minute=0, to_minute=1_440, utc_offset_minutes=0,
            modes=("direct", "surrogate"), created_at=now_ms() - 60_000, ends_at=now_ms() + 3_600_000, nonce="bm9uY2U",
        )  # fmt: skip
        return GrantState(grant=grant, used_today=0, used_total=0, last_used_at=None, revoked_at=None)

    def offer(self, **changes: object) -> str:
        """Ask for a release here; answers its id."""
        release = f"rel_{len(self.released) + 1}"
        self.released.append(release)
        self.peer.offer(self.shop, release, egress_keys=(EGRESS_KEY,), **changes)  # type: ignore[arg-type]
        return release

    async def decided(self, **changes: object) -> Decision:
        """The next decision, by the rule."""
        self.offer(grants=(self.rule(),), **changes)
        return self.peer.check(await self.expect("approve"))

    async def armed(self) -> Page:
        """A checkout whose form holds the stand-ins, and which is about to pay."""
        page = await self.browser.open_shop("/")
        await self.arm(page)
        return page

    async def arm(self, page: Page, **changes: object) -> None:
        """A release for the checkout in `page`, up to where the page is to pay."""
        self.peer.deliver_surrogate(await self.decided(**changes))
        ready = await self.expect("ready")
        assert "number" in ready["fields"]
        assert await page.locator("[name=cardnumber]").input_value() == SURROGATE

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next message about the newest release: those of releases before may come late."""
        while (message := await asyncio.wait_for(self.peer.inbox.get(), 15)).get("releaseId") != self.released[-1]:
            pass
        assert message["type"] == kind, message
        return message

    def withdraw(self, outcome: str = "submitted", message: str = "The payment request went out.") -> None:
        self.peer.send({"type": "withdrawn", "releaseId": self.released[-1], "outcome": outcome, "message": message})

    async def tidy(self) -> None:
        self.egress.hold.set()
        self.egress.asked.clear()
        self.egress.outcomes.clear()
        if self.released:
            self.withdraw("expired", "The test is over.")
        for page in self.browser.context.pages[1:]:
            await page.close()
        await self.browser.context.clear_cookies()
        self.merchant.got.clear()
        self.merchant.socket.clear()
        self.merchant.asked_first.clear()
        self.egress.sends.clear()


async def put_away(popup: Page) -> None:
    """Open the popup anew and leave what is over: the idle view remains."""
    await popup.bring_to_front()  # behind another tab nothing is drawn, and nothing can be clicked
    await popup.reload()
    await popup.locator("main.popup:not([aria-busy])").wait_for()
    done = popup.get_by_role("button", name="Done")
    while await done.count():
        with suppress(Error):  # a minute after its end a release goes by itself
            await done.click(timeout=1_000)


@asynccontextmanager
async def paying_world(extension: Path, folder: Path, **how: Any) -> AsyncIterator[Paying]:
    """Chromium with `extension`, paired and enrolled; `folder` is for its profile and keys, `how` as for `chromium`."""
    merchant, egress = Merchant(), Swapper()
    runner = web.AppRunner(merchant.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer = Peer(folder)
    peer.coverage = {"verdict": "covered", "names": ["Processor"], "keyId": EGRESS_KEY}
    peer.egress = egress
    await peer.start()
    async with chromium(extension, folder / "profile", peer, f"http://shop.localhost:{runner.addresses[0][1]}", **how) as browser:
        await browser.pair()
        await browser.enrol()
        yield Paying(browser, merchant, egress)
    await peer.stop()
    await egress.close()
    await runner.cleanup()
