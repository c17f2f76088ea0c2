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
from playwright.async_api import Page

from broker.install.extension_build import built_extension
from tests.browser.extension import shop
from tests.browser.extension.conftest import Browser, chromium
from tests.browser.extension.peer import Peer


async def shoot(page: Page, folder: Path, name: str) -> None:
    """Take `page` in both colour schemes, as high as it is."""
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": page.viewport_size["width"] if page.viewport_size else 360, "height": max(120, height)})
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
            ("mismatch", "/dear", {"origin": "https://shop.example.com"}),
            ("unreadable", "/quiet", {"expected_amount": None, "purpose": "Pens for the design team. " * 9}),
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
    await browser.open_shop("/")
    await browser.open_shop("/split")
    await popup.bring_to_front()
    browser.peer.offer(browser.shop, "rel_9")
    await popup.get_by_text("Several tabs fit").wait_for()
    await shoot(popup, folder, "9-tabs")
    await popup.get_by_role("button", name="Deny").click()
    await popup.get_by_role("button", name="Done").click()
    await browser.peer.stop()
    await popup.get_by_text("Offline").wait_for()
    await shoot(popup, folder, "10-offline")


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
