"""The README's pictures, taken from a run of the demo."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.async_api import BrowserContext, async_playwright

from broker.core.errors import LedgerError
from broker.demo.browser import Look, launch_dashboard_browser
from broker.demo.owner import NAME
from broker.demo.story import Story
from broker.demo.throwaway_certificate import spki_sha256_of
from broker.install.layout import clone_root
from broker.pki.profile import Roles

MAX_BYTES = 200_000
_PAGES = {"dashboard.png": "/", "events.png": "/events?verify=1"}
_WIDTH, _HEIGHT = 1_180, 700


async def collect(story: Story) -> None:
    """Put popup, filled checkout, dashboard and event log into ``docs/``."""
    docs = clone_root() / "docs"
    for name in ("popup.png", "checkout.png"):
        shutil.copyfile(story.stage.screenshots / name, docs / name)
    await _dashboard(story, docs)
    for path in docs.glob("*.png"):
        if path.stat().st_size > MAX_BYTES:
            raise LedgerError(500, "picture_too_large", f"docs/{path.name} is larger than 200 KB.", "Take a smaller part of the page.")


async def _dashboard(story: Story, docs: Path) -> None:
    url = story.stage.state.issuer_endpoints()["publicUrl"]
    key = spki_sha256_of(story.stage.state.pki.certificate_file(Roles.ISSUER_SERVER))
    async with async_playwright() as playwright:
        browser = await launch_dashboard_browser(playwright, [key], Look())
        context = await browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT})
        await _sign_in(context, url, story.owner.password)
        for name, path in _PAGES.items():
            page = await context.new_page()
            await page.goto(url + path)
            await page.screenshot(path=docs / name)
        await browser.close()


async def _sign_in(context: BrowserContext, url: str, password: str) -> None:
    page = await context.new_page()
    await page.goto(f"{url}/sign-in")
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{url}/")
