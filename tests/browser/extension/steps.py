"""What a person does in nearly every test of a release."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.extension.conftest import Browser


async def approve(popup: Page, name: str = "Approve") -> None:
    button = popup.get_by_role("button", name=name, exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()


async def value(page: Page, selector: str) -> str:
    return await page.locator(selector).input_value()


async def fill(ready: Browser, path: str) -> tuple[Page, dict[str, object]]:
    page = await ready.open_shop(path)
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    return page, await ready.peer.expect("result")
