"""The dashboard for everybody: no axe-core violation on any page, dark or light, and the keyboard is enough."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.api.issuer.harness import World
from tests.api.issuer.owner import setup_path
from tests.api.issuer.test_dashboard import PAGES
from tests.browser.extension.test_access import violations

APPLICANT = {"firstName": "Jo", "lastName": "Doe", "email": "jo@example.com"}

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


async def test_axe_finds_nothing_on_a_billing_address_being_set(world: World, owner: BrowserContext) -> None:
    page, path = await owner.new_page(), f"/users/{world.user_id}/billing-address"
    await page.goto(path)
    found = await violations(page, "not set")
    for line, heading in (("<b></b>", "Nothing was changed."), ("1 Analytical Row", "Set. This is what")):
        for label, text in (("Street and number", line), ("City", "Sacramento"), ("Country", "US")):
            await page.get_by_label(label).fill(text)
        await page.get_by_role("button", name="Set address").click()
        await expect(page.get_by_role("status")).to_contain_text(heading)
        found += await violations(page, heading)
    await page.goto(path)
    await page.get_by_text("Remove…").click()
    found += await violations(page, "set")
    assert found == []


async def test_sign_out_and_what_this_is_stay_in_view_beside_a_tall_page(world: World, owner: BrowserContext) -> None:
    page = await owner.new_page()
    await page.set_viewport_size({"width": 1180, "height": 600})
    await page.goto("/")
    await page.locator("main").evaluate("main => { main.style.minHeight = '4000px'; }")
    for where in (0, 3_000):
        await page.evaluate("where => scrollTo(0, where)", where)
        await expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_text("sandbox", exact=True)).to_be_in_viewport(ratio=1)
    await page.set_viewport_size({"width": 1180, "height": 300})
    await page.get_by_role("button", name="Sign out").scroll_into_view_if_needed()
    await expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)


async def test_every_page_in_front_of_the_dashboard_says_that_this_is_a_sandbox(world: World, owner: BrowserContext) -> None:
    stranger = await owner.browser.new_context(ignore_https_errors=True, base_url=world.issuer.url)  # type: ignore[union-attr]
    page = await stranger.new_page()
    user = (await world.call("POST", "/v1/applications/user/initiate", APPLICANT)).body
    for address in ("/sign-in", await setup_path(world.issuer), user["applicationCompletionLink"], "/setup/unknown"):
        await page.goto(address)
        await expect(page.get_by_text("sandbox", exact=True)).to_be_visible()
    await stranger.close()


async def tab_to(page: Page, target: Locator) -> None:
    while not await target.evaluate("target => target === document.activeElement"):
        await page.keyboard.press("Tab")


async def test_a_billing_address_is_set_corrected_and_removed_by_keyboard(world: World, owner: BrowserContext) -> None:
    page = await owner.new_page()
    await page.goto("/users")
    await tab_to(page, page.get_by_role("link", name="Set address of John Doe"))
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_label("Street and number"))
    for text in ("1 Analytical Row", "", "<b></b>", "CA", "95814", "us"):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Set address")).to_be_focused()
    await page.keyboard.press("Enter")
    city = page.get_by_label("City")
    await expect(city).to_be_focused()
    await expect(city).to_have_accessible_description("Nothing in this can be seen. Type it as plain text.")
    await page.keyboard.type("Sacramento")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("definition").first).to_have_text("1 Analytical Row")
    await tab_to(page, page.get_by_text("Remove…"))
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Remove the address")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("not set")).to_be_visible()


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
    await tab_to(page, page.get_by_text("Reject…"))
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Reject for good")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("cell", name="rejected")).to_be_visible()
