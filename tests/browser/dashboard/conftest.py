"""A LedgerOS with something on every page, and Chromium signed in as its owner."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, async_playwright

from broker.install.browsers import chromium_path
from tests.api.issuer.conftest import issuer, world
from tests.api.issuer.harness import World

__all__ = ["issuer", "world"]


@pytest.fixture
async def owner(world: World) -> AsyncIterator[BrowserContext]:
    """The owner's browser."""
    secret = next(cookie.value for cookie in world.owner.session.cookie_jar if cookie.key == "__Host-ledgeros")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        context = await chromium.new_context(ignore_https_errors=True, base_url=world.issuer.url)
        cookie = {"name": "__Host-ledgeros", "value": secret, "url": world.issuer.url, "secure": True, "httpOnly": True}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        yield context
        await chromium.close()
