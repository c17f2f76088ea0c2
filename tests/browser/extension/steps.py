"""What a person does in nearly every test of a release."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.api.broker.waiting import eventually
from tests.browser.extension.conftest import Browser


async def popup_with_passkey(ready: Browser) -> Page:
    """The popup of a person who has a passkey, and gives it."""
    authenticator = await ready.enrol(passkey=True)
    assert authenticator is not None
    popup = await ready.popup()
    await authenticator.moved(popup)
    return popup


async def approve(popup: Page, name: str = "Approve") -> None:
    button = popup.get_by_role("button", name=name, exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()


async def until(page: Page, expression: str, wanted: object) -> None:
    """Wait until `expression` has this value in the page. (Playwright's own wait takes any promise for true.)"""

    async def there() -> bool:
        return bool(await page.evaluate(expression) == wanted)

    await eventually(there)


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
