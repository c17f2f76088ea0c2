"""Pictures of the popup's and the options page's states, in light and dark.

``python -m tests.browser.extension.screens FOLDER`` (the extension must be built).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Literal

from aiohttp import web
from playwright.async_api import Page, expect

from broker.install.extension_build import built_extension
from tests.browser.extension import shop
from tests.browser.extension.conftest import Browser, chromium
from tests.browser.extension.peer import Peer, now_ms

EGRESS_KEY = "ZWdyZXNzLWtleS1pZDE"


async def shoot(page: Page, folder: Path, name: str) -> None:
    """Take `page` in both colour schemes, as high as it is."""
    width = page.viewport_size["width"] if page.viewport_size else 360
    await page.set_viewport_size({"width": width, "height": 4_000})  # without a scroll bar, which would make it narrower
    height = await page.evaluate("document.querySelector('main').getBoundingClientRect().height")
    await page.set_viewport_size({"width": width, "height": max(120, int(height) + 1)})
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.screenshot(path=folder / f"{name}-{scheme}.png")
    await page.set_viewport_size({"width": 360, "height": 120})


async def states(browser: Browser, folder: Path) -> None:
    """Walk through the states."""
    popup = await browser.popup()
    await popup.get_by_label("Pairing code").wait_for()
    await shoot(popup, folder, "1-unpaired")
    await popup.set_viewport_size({"width": 720, "height": 700})
    await popup.goto(popup.url.replace("popup", "welcome"))
    await popup.get_by_label("Pairing code").wait_for()
    await shoot(popup, folder, "1-welcome")
    await popup.close()
    await browser.pair()
    popup = await browser.popup()
    await popup.get_by_text("Enrol it").wait_for()
    await shoot(popup, folder, "2-not-enrolled")
    options = await browser.options()
    await options.set_viewport_size({"width": 720, "height": 700})
    await shoot(options, folder, "3-options")
    await options.close()
    await browser.enrol()
    for number, (name, path, changes) in enumerate(
        [
            ("routine", "/", {"linked_origins": (browser.shop,)}),
            ("first-time", "/", {}),
            ("unreadable", "/quiet", {"expected_amount": None, "purpose": "Pens for the design team. " * 9}),
            ("nobody-named", "/", {"merchant_text": None}),
        ]
    ):
        page = await browser.open_shop(path)
        await popup.bring_to_front()
        release = f"rel_{number}"
        browser.peer.offer(browser.shop, release, **changes)  # type: ignore[arg-type]
        await popup.get_by_test_id("amount").wait_for()
        button = popup.locator("button", has_text="Approve")
        await shoot(popup, folder, f"{4 + number}-{name}-inert")
        await asyncio.sleep(1)
        await shoot(popup, folder, f"{4 + number}-{name}")
        await button.click()
        await browser.peer.expect("shown")
        browser.peer.deliver(browser.peer.check(await browser.peer.expect("approve")))
        await browser.peer.expect("result")
        await popup.get_by_text("The checkout form was filled.").wait_for()
        await shoot(popup, folder, f"{4 + number}-{name}-filled")
        await popup.get_by_role("button", name="Done").click()
        await page.close()
    await shoot(popup, folder, "8-idle")
    page = await browser.open_shop("/dear")
    await popup.bring_to_front()
    browser.peer.offer(browser.shop, "rel_8", origin="https://shop.example.com")
    await popup.get_by_role("link", name="Add a passkey").wait_for()
    await shoot(popup, folder, "8-mismatch-without-a-passkey")
    await popup.get_by_role("button", name="Done").click()
    await page.close()
    await browser.open_shop("/")
    await browser.open_shop("/split")
    await popup.bring_to_front()
    browser.peer.offer(browser.shop, "rel_9")
    await popup.get_by_text("Several tabs fit").wait_for()
    await shoot(popup, folder, "9-tabs")
    await popup.get_by_role("button", name="Deny").click()
    await popup.get_by_role("button", name="Done").click()
    await daily(browser, popup, folder)
    await modes(browser, popup, folder)
    await names(browser, popup, folder)
    browser.peer.offer(browser.shop, "rel_60")
    await popup.get_by_test_id("amount").wait_for()
    await browser.peer.stop()
    await popup.get_by_text("Nothing can be approved now. The broker is not running.").wait_for()
    await shoot(popup, folder, "10-offline-with-a-request")
    await popup.get_by_role("button", name="Deny", exact=True).click()
    await popup.get_by_role("button", name="Done").click()
    await popup.get_by_text("Offline").wait_for()
    await shoot(popup, folder, "10-offline")


async def names(browser: Browser, popup: Page, folder: Path) -> None:
    """Shops of the internet: an ordinary one, and one that is drawn like another."""
    browser.peer.approval = "step-up"
    for number, (name, origin) in enumerate([("ordinary", "https://shop.example.com"), ("like-another", "https://shop.arnazon.com")]):
        await browser.open_at(origin)
        await popup.bring_to_front()
        browser.peer.offer(origin, f"rel_{50 + number}")
        await popup.get_by_test_id("amount").wait_for()
        await asyncio.sleep(1)
        await shoot(popup, folder, f"{25 + number}-{name}")
        await popup.get_by_role("button", name="Deny", exact=True).click()
        await popup.get_by_role("button", name="Done").click()
    browser.peer.approval = "click"


async def modes(browser: Browser, popup: Page, folder: Path) -> None:
    """Who sees the number, in its three looks, and an alarm."""
    known = {"linked_origins": (browser.shop,), "egress_keys": (EGRESS_KEY,)}
    await popup.bring_to_front()
    for number, (name, verdict, before) in enumerate(
        [
            ("surrogate", "covered", None),
            ("unknown", "unknown", "direct"),
            ("changed", "unknown", "surrogate"),
            ("shown-before", "covered", "direct"),
        ]
    ):
        browser.peer.coverage = {"verdict": verdict, "names": [], "keyId": EGRESS_KEY}
        await popup.evaluate("(modes) => chrome.storage.local.set({ modes })", {browser.shop: before} if before else {})
        browser.peer.offer(browser.shop, f"rel_{30 + number}", **known)  # type: ignore[arg-type]
        await popup.get_by_test_id("mode").wait_for()
        await asyncio.sleep(1)
        await shoot(popup, folder, f"{19 + number}-{name}")
        await popup.get_by_role("button", name="Deny", exact=True).click()
        await popup.get_by_role("button", name="Done").click()
    told = {"at": now_ms(), "kind": "replayed", "last4": "1111", "message": "A details token was presented twice."}
    own = {**told, "kind": "another_agent", "message": "An agent presented a details token that another agent had brought."}
    status = {"type": "status", "issuerReachable": True, "enrolled": True, "organisationName": "Acme"}
    browser.peer.send({**status, "alarm": told, "ownAlarm": own})
    await popup.get_by_role("region", name="Alarm").wait_for()
    await shoot(popup, folder, "24-alarms")
    for left in (1, 0):
        await popup.get_by_role("button", name="Seen").first.click()
        await expect(popup.get_by_role("button", name="Seen")).to_have_count(left)


async def daily(browser: Browser, popup: Page, folder: Path) -> None:
    """The queue, the menu, a rule, an approval that comes first, and the other pages."""
    for page in browser.context.pages:
        if page.url.startswith(browser.shop):
            await page.close()
    authenticator = await browser.enrol(passkey=True)
    assert authenticator is not None
    options = browser.context.pages[-1]
    await browser.open_shop("/")
    await popup.bring_to_front()
    await authenticator.moved(popup)
    page = await browser.open_shop("/dear")
    await popup.bring_to_front()
    browser.peer.offer("https://shop.example.com", "rel_19", page_url=page.url)
    await popup.get_by_text("Several tabs fit").wait_for()
    await popup.get_by_role("button", name="/dear").click()
    await popup.get_by_text("Approve anyway").wait_for()
    await asyncio.sleep(1)
    await shoot(popup, folder, "6-mismatch")
    await popup.get_by_role("button", name="Deny", exact=True).click()
    await popup.get_by_role("button", name="Done").click()
    await page.close()
    linked = {"linked_origins": (browser.shop,)}
    browser.peer.offer(browser.shop, "rel_20", **linked)  # type: ignore[arg-type]
    browser.peer.offer(browser.shop, "rel_21", **linked, token_hash=None, access_event_id=None, intent_id="intent_1")  # type: ignore[arg-type]
    await popup.get_by_text("One more waits after this.").wait_for()
    await popup.get_by_label("Allow this agent").check()
    await asyncio.sleep(1)
    await shoot(popup, folder, "11-rule")
    await popup.get_by_label("Allow this agent").uncheck()
    await asyncio.sleep(1)
    await popup.set_viewport_size({"width": 360, "height": 560})
    await popup.get_by_role("button", name="More ways to refuse").click()
    await shoot(popup, folder, "12-menu")
    await popup.get_by_role("menuitem", name="Deny and freeze").click()
    await popup.get_by_text("is frozen").wait_for()
    await shoot(popup, folder, "13-denied-and-frozen")
    await popup.get_by_role("button", name="Next (1)").click()
    await asyncio.sleep(1)
    await shoot(popup, folder, "14-approval-first")
    await popup.get_by_role("button", name="Approve", exact=True).click()
    await popup.get_by_text("The agent fetches the card now").wait_for()
    await shoot(popup, folder, "15-fetching")
    await popup.get_by_role("button", name="Done").click()
    await shoot(popup, folder, "16-idle-busy")
    await popup.get_by_role("button", name="Stop").click()
    await options.bring_to_front()
    await options.set_viewport_size({"width": 720, "height": 700})
    await options.get_by_text("Make a rule", exact=True).click()
    await options.get_by_label("Site").fill("shop.example.com")
    await options.get_by_label("At most (USD)").fill("20")
    await options.get_by_role("radio", name="The page too").check()
    await shoot(options, folder, "17-options-shown")
    await options.set_viewport_size({"width": 720, "height": 700})
    await options.get_by_role("radio", name="Not the page").check()
    await options.get_by_role("button", name="Sign with your passkey").click()
    await options.get_by_text("used 0 of 1 today").wait_for()
    await shoot(options, folder, "17-options")
    await options.goto(options.url.replace("options", "welcome"))
    await options.set_viewport_size({"width": 720, "height": 700})
    await options.get_by_text("Try a payment").wait_for()
    await shoot(options, folder, "18-welcome-ready")
    await options.close()


async def main(folder: Path) -> None:
    """Take all pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    runner = web.AppRunner(shop.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with tempfile.TemporaryDirectory() as temporary:
        peer = Peer(Path(temporary))
        await peer.start()
        origin = f"http://shop.localhost:{runner.addresses[0][1]}"
        async with chromium(built_extension(), Path(temporary) / "profile", peer, origin) as browser:
            await states(browser, folder)
        await peer.stop()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
