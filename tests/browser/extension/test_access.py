"""Everybody can use it: no axe-core violation in any state, dark or light, and the keyboard is enough."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Literal

import pytest
from playwright.async_api import Error, Locator, Page, expect

from broker.install.extension_build import extension_folder
from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import now_ms

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

AXE = extension_folder() / "node_modules" / "axe-core" / "axe.min.js"
EGRESS_KEY = "ZWdyZXNzLWtleS1pZDE"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def violations(page: Page, state: str) -> list[str]:
    """What axe-core finds on `page` in both colour schemes."""
    found: list[str] = []
    await page.evaluate(AXE.read_text() + "; undefined")
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        report: dict[str, Any] = await page.evaluate("axe.run()")
        for rule in report["violations"]:
            found += [f"{state}, {scheme}: {rule['id']} at {node['target']}: {node['failureSummary']}" for node in rule["nodes"]]
    return found


async def test_axe_finds_what_is_wrong(ready: Browser) -> None:
    page = await ready.popup()
    await page.get_by_text("Connected").wait_for()
    await page.evaluate("document.body.append(document.createElement('button'))")
    assert any("button-name" in line for line in await violations(page, "spoilt"))


async def _requests(ready: Browser, popup: Page) -> AsyncIterator[str]:
    await popup.get_by_text("Connected").wait_for()
    yield "idle"
    page = await ready.open_shop()
    await popup.bring_to_front()
    ready.peer.offer(ready.shop, "rel_1")
    await ready.peer.expect("shown")
    yield "inert request"
    more = popup.get_by_role("button", name="More ways to refuse")
    await expect(more).to_have_attribute("aria-disabled", "false")
    await more.click()
    yield "menu"
    await popup.get_by_role("menuitem", name="Deny and freeze").click()
    await popup.get_by_text("is frozen").wait_for()
    yield "denied and frozen"
    await popup.get_by_role("button", name="Done").click()
    yield "idle with history and a frozen card"
    await page.goto(ready.shop + "/dear")
    ready.peer.offer(ready.shop, "rel_2", origin="https://shop.example.com")
    await popup.get_by_role("link", name="Add a passkey").wait_for()
    yield "mismatch without a passkey"
    await popup.get_by_role("button", name="Done").click()
    await ready.enrol(passkey=True)
    await popup.bring_to_front()
    ready.peer.offer(ready.shop, "rel_5", origin="https://shop.example.com")
    await popup.get_by_text("Approve anyway").wait_for()
    yield "mismatch"
    await popup.get_by_role("button", name="Deny").click()
    await popup.get_by_role("button", name="Done").click()
    await ready.open_shop("/split")
    await ready.open_shop("/")
    await popup.bring_to_front()
    ready.peer.offer(ready.shop, "rel_3", page_url=ready.shop)
    await popup.get_by_text("Several tabs fit").wait_for()
    yield "several tabs"
    await popup.get_by_role("button", name="Deny").click()
    await popup.get_by_role("button", name="Done").click()
    for tab in ready.context.pages:
        if tab.url.startswith(ready.shop):
            await tab.close()
    await ready.open_shop("/")
    await popup.bring_to_front()
    ready.peer.offer(ready.shop, "rel_4", token_hash=None, access_event_id=None, intent_id="intent_1")
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    yield "approval first: asked"
    await button.click()
    await popup.get_by_text("The agent fetches the card now").wait_for()
    yield "approval first: waits for the card"
    await popup.get_by_role("button", name="Done").click()
    await popup.get_by_role("button", name="Stop").wait_for()
    yield "approval first: waits in the list"


async def test_axe_finds_nothing_in_the_popup(ready: Browser) -> None:
    popup = await ready.popup()
    found = [line async for state in _requests(ready, popup) for line in await violations(popup, state)]
    assert found == []


async def test_axe_finds_nothing_where_it_is_said_who_sees_the_number(ready: Browser) -> None:
    await ready.open_shop("/")
    popup = await ready.popup()
    found = []
    for number, (verdict, before) in enumerate([("covered", None), ("unknown", "direct"), ("unknown", "surrogate")]):
        ready.peer.coverage = {"verdict": verdict, "names": [], "keyId": EGRESS_KEY}
        await popup.evaluate("(modes) => chrome.storage.local.set({ modes })", {ready.shop: before} if before else {})
        ready.peer.offer(ready.shop, f"rel_{number}", egress_keys=(EGRESS_KEY,))
        await popup.get_by_test_id("mode").wait_for()
        found += await violations(popup, f"{verdict}, paid before: {before}")
        await popup.get_by_role("button", name="Deny").click()
        await popup.get_by_role("button", name="Done").click()
    told = {"at": now_ms(), "kind": "replayed", "last4": "1111", "message": "A details token was presented twice."}
    ready.peer.send({"type": "status", "issuerReachable": True, "enrolled": True, "organisationName": "Acme", "alarm": told})
    await popup.get_by_role("region", name="Alarm").wait_for()
    found += await violations(popup, "alarm")
    assert found == []


async def test_axe_finds_nothing_in_the_other_pages(browser: Browser) -> None:
    welcome = await browser.popup()
    found = await violations(welcome, "unpaired")
    await welcome.goto(welcome.url.replace("popup", "welcome"))
    await welcome.get_by_label("Pairing code").wait_for()
    found += await violations(welcome, "welcome")
    await browser.pair()
    await browser.enrol(passkey=True)
    options = browser.context.pages[-1]
    browser.peer.offer("https://nowhere.example")
    await browser.peer.result()
    await options.get_by_text("Make a rule", exact=True).click()
    await options.get_by_text("More: hours of the day").click()
    found += await violations(options, "options")
    await browser.open_shop()
    popup = await browser.popup()
    browser.peer.offer(browser.shop, "rel_2")
    await popup.get_by_label("Allow this agent").check()
    await popup.get_by_label("At most (USD)").wait_for()
    found += await violations(popup, "a standing rule being made")
    assert found == []


async def test_a_payment_is_approved_and_put_away_by_keyboard_alone(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    approve = popup.get_by_role("button", name="Approve", exact=True)
    await expect(approve).to_have_attribute("aria-disabled", "false")
    for _ in range(4):
        await popup.keyboard.press("Tab")
    await expect(approve).to_be_focused()
    await popup.keyboard.press("Enter")
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    assert await ready.peer.result() == "filled"
    done = popup.get_by_role("button", name="Done")
    await done.wait_for()
    await popup.keyboard.press("Tab")
    await expect(done).to_be_focused()
    await popup.keyboard.press("Space")
    await expect(popup.get_by_role("heading")).to_have_text("LedgerOS")


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {wanted}")


async def test_a_rule_is_made_and_revoked_by_keyboard_alone(browser: Browser) -> None:
    await browser.pair()
    await browser.enrol(passkey=True)
    options = browser.context.pages[-1]
    browser.peer.offer("https://nowhere.example")  # an agent is known once it has asked
    assert await browser.peer.result() == "no_tab"
    await tab_to(options, options.get_by_text("Make a rule", exact=True))
    await options.keyboard.press("Enter")
    await tab_to(options, options.get_by_label("Site"))
    await options.keyboard.type("shop.example.com")
    await tab_to(options, options.get_by_label("At most (USD)"))
    await options.keyboard.type("20")
    await tab_to(options, options.get_by_role("button", name="Sign with your passkey"))
    await options.keyboard.press("Enter")
    await options.get_by_text("up to $20.00, 1 a day").wait_for()
    await tab_to(options, options.get_by_role("button", name="Revoke"))
    await options.keyboard.press("Space")
    await expect(options.get_by_text("Revoked –")).to_be_visible()


async def test_the_keyboard_is_enough(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_have_attribute("aria-disabled", "false")
    reached = []
    for _ in range(4):
        await popup.keyboard.press("Tab")
        reached.append(await popup.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))
        assert await popup.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["In the agent's words", "Deny", "More ways to refuse", "Approve"]
    await popup.keyboard.press("Shift+Tab")
    await popup.keyboard.press("Enter")
    await expect(popup.get_by_role("menuitem", name="Deny and freeze")).to_be_focused()
    await popup.keyboard.press("ArrowDown")
    await expect(popup.get_by_role("menuitem", name="Deny and pause")).to_be_focused()
    await popup.keyboard.press("Escape")
    await expect(popup.get_by_role("menu")).to_have_count(0)
    await expect(popup.get_by_role("button", name="More ways to refuse")).to_be_focused()
    # The page closes before it has acknowledged the key.
    async with popup.expect_event("close"):
        with suppress(Error):
            await popup.keyboard.press("Escape")
    assert ready.peer.inbox.empty()
