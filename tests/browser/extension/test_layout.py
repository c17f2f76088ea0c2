"""The popup's size: 360 wide, and an ordinary request is not higher than 560, so that nothing has to be scrolled for."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.extension.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SHOP = "https://shop.example.com"
EGRESS_KEY = "ZWdyZXNzLWtleS1pZDE"
COVERED: dict[str, Any] = {"verdict": "covered", "names": ["Processor"], "keyId": EGRESS_KEY}


async def size(popup: Page) -> tuple[int, int]:
    """Width and height of what is shown, on a window that is as wide as a toolbar popup and never too low."""
    await popup.set_viewport_size({"width": 360, "height": 2_000})
    box = await popup.locator("main.popup").bounding_box()
    assert box is not None
    assert await popup.evaluate("document.documentElement.scrollWidth") == 360, "nothing is cut off at the side"
    return round(box["width"]), round(box["height"])


async def asked(ready: Browser, **changes: Any) -> Page:
    """A request of an enrolled person with a passkey, on an ordinary shop's page."""
    await ready.enrol(passkey=True)
    await ready.open_at(SHOP)
    popup = await ready.popup()
    ready.peer.offer(SHOP, **changes)
    await expect(popup.get_by_label("Allow this agent")).to_be_visible()
    return popup


@pytest.mark.parametrize("linked", [(SHOP,), ()], ids=["approved before", "first time"])
async def test_an_ordinary_request_fits_without_scrolling(ready: Browser, linked: tuple[str, ...]) -> None:
    width, height = await size(await asked(ready, linked_origins=linked))
    assert width == 360
    assert height <= 560


async def test_a_request_that_keeps_the_number_from_a_watched_page_fits_too(ready: Browser) -> None:
    ready.peer.coverage = COVERED
    popup = await asked(ready, egress_keys=(EGRESS_KEY,))
    await expect(popup.get_by_text("Another program is debugging this tab.")).to_be_visible()
    _, height = await size(popup)
    assert height <= 560
