"""The dashboard for everybody: no axe-core violation on any page, dark or light, and the keyboard is enough."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from tests.api.issuer.harness import World
from tests.api.issuer.test_dashboard import PAGES
from tests.browser.extension.test_access import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_axe_finds_nothing_on_any_page(world: World, owner: BrowserContext) -> None:
    await world.authorise(await world.release())
    await world.intent(await world.new_card())
    signed = world.device.grant(world.agent_id, world.clock.now_ms())
    assert (await world.broker.post("grants", signed.wire())).status == 200
    page, found = await owner.new_page(), []
    for path in PAGES:
        await page.goto(path)
        await expect(page.get_by_role("link", name="Overview")).to_be_visible()
        found += await violations(page, path)
    assert found == []


async def test_an_intent_is_rejected_by_keyboard(world: World, owner: BrowserContext) -> None:
    await world.intent()
    page = await owner.new_page()
    await page.goto("/intents")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    for wanted in ("Status", "Filter"):
        await page.keyboard.press("Tab")
        assert wanted in await page.evaluate("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent")
    while await page.evaluate("document.activeElement.textContent") != "Reject…":
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Reject for good")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("cell", name="rejected")).to_be_visible()
