"""A hostile page in a real Chromium: between the approval and the fill it changes, moves, covers, swaps. Nothing is written."""

from __future__ import annotations

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from tests.browser.extension import shop
from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import PAN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("adversary-chromium")]

NUMBER = "document.querySelector('[name=cardnumber]')"
AFTER_THE_APPROVAL = {
    "the document is written anew": (
        "const html = document.body.innerHTML; document.open(); document.write(html); document.close()",
        "page_changed",
    ),
    "a field is swapped for a twin": (f"{NUMBER}.replaceWith({NUMBER}.cloneNode())", "page_changed"),
    "two fields swap their names": (
        f"const number = {NUMBER}, name = document.querySelector('[name=ccname]'); number.name = 'ccname'; name.name = 'cardnumber'",
        "page_changed",
    ),
    "a field moves to another form": (
        f"document.body.insertAdjacentHTML('beforeend', '<form action=\"//evil.localhost/\"></form>'); document.forms[1].append({NUMBER})",
        "page_changed",
    ),
    "a field moves off the page": (f"{NUMBER}.style.cssText = 'position:absolute;left:-9999px'", "page_changed"),
    "an image covers the form": (
        "document.body.insertAdjacentHTML('beforeend', '<div style=\"position:fixed;inset:0;z-index:9;background:#fff\">Gift shop</div>')",
        "page_changed",
    ),
    "the form goes into a frame of another site": (
        "document.querySelector('form').outerHTML = '<iframe src=\"' + location.href.replace('shop.', 'evil.') + '\"></iframe>'",
        "page_changed",
    ),
}  # fmt: skip


async def approve(popup: Page, name: str = "Approve") -> None:
    button = popup.get_by_role("button", name=name, exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()


async def held(page: Page) -> str:
    """Everything a reader of this page finds: values and text of all its frames."""
    read = "() => [...document.querySelectorAll('input, select')].map((e) => e.value).join(' ') + document.documentElement.innerText"
    return " ".join([str(await frame.evaluate(read)) for frame in page.frames])


async def attacked(ready: Browser, release_id: str, script: str, path: str = "/") -> tuple[str, str]:
    """Approve, let the page do something, deliver: the outcome, and all that the page holds then."""
    page, popup = await ready.open_shop(path), await ready.popup()
    ready.peer.offer(ready.shop, release_id)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    await page.evaluate(script)
    ready.peer.deliver(decision)
    outcome = await ready.peer.result()
    found = await held(page)
    await page.close()
    await popup.close()
    return outcome, found


async def test_a_page_that_changes_between_approval_and_fill_gets_nothing(ready: Browser) -> None:
    for number, (attack, (script, outcome)) in enumerate(AFTER_THE_APPROVAL.items()):
        got, found = await attacked(ready, f"rel_{number}", script)
        assert got == outcome, attack
        assert PAN not in found, attack
    got, found = await attacked(ready, "rel_honest", "document.title = 'Shop!'")
    assert got == "filled"
    assert PAN in found, "the spy sees a number where there is one"


async def test_a_form_that_was_covered_from_the_beginning_gets_nothing(ready: Browser) -> None:
    page, popup = await ready.open_shop(), await ready.popup()
    await page.evaluate(AFTER_THE_APPROVAL["an image covers the form"][0])
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    assert await ready.peer.result() == "field_rejected"
    assert PAN not in await held(page)


async def test_a_page_that_leaves_for_another_origin_gets_nothing(ready: Browser) -> None:
    page, popup = await ready.open_shop(), await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    async with page.expect_navigation():
        await page.evaluate("location.href = location.href.replace('shop.', 'evil.')")
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "origin_changed"
    assert PAN not in await held(page)


async def test_a_form_in_a_frame_of_another_site_is_named_and_gets_nothing_unapproved(ready: Browser) -> None:
    page, popup = await ready.open_shop("/cart"), await ready.popup()
    await page.evaluate(
        """() => new Promise((loaded) => {
          const frame = document.createElement('iframe');
          frame.src = location.href.replace('shop.', 'evil.').replace('/cart', '/');
          frame.onload = loaded;
          document.body.append(frame);
        })"""
    )
    ready.peer.offer(ready.shop)
    await expect(popup.get_by_role("note")).to_contain_text(
        "Another site asks for the number, name, expiry, security code: http://evil.localhost"
    )
    await ready.peer.expect("shown")
    await popup.get_by_role("button", name="Deny", exact=True).click()
    await ready.peer.expect("deny")
    assert PAN not in await held(page)


async def test_the_origins_of_foreign_frames_are_shown_and_signed(ready: Browser) -> None:
    page, popup = await ready.open_shop(), await ready.popup()
    evil = ready.shop.replace("shop.", "evil.")
    await page.evaluate(
        """(source) => new Promise((loaded) => {
          const frame = document.createElement('iframe');
          Object.assign(frame, { src: source, onload: loaded });
          document.body.append(frame);
        })""",
        evil + "/quiet",
    )
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await expect(popup.get_by_text("evil.localhost")).to_be_visible()
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    assert decision.seen.frame_origins == (evil,)
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "filled"
    assert PAN not in " ".join([str(await frame.evaluate("[...document.querySelectorAll('input')].map((e) => e.value).join(' ')"))
                                for frame in page.frames if frame.url.startswith(evil)])  # fmt: skip


async def test_a_name_that_looks_like_another_ones_is_said(ready: Browser) -> None:
    runner = web.AppRunner(shop.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        false = f"http://xn--80ak6aa92e.localhost:{runner.addresses[0][1]}"
        page, popup = await ready.context.new_page(), await ready.popup()
        await page.goto(false)
        ready.peer.offer(false)
        await ready.peer.expect("shown")
        await expect(popup.get_by_test_id("origin")).to_contain_text("xn--80ak6aa92e")
        await expect(popup.get_by_text("Looks like apple.localhost")).to_be_visible()
        honest = await ready.open_shop()
        await honest.close()
        await popup.get_by_role("button", name="Deny", exact=True).click()
        await ready.peer.expect("deny")
    finally:
        await runner.cleanup()


async def test_the_page_cannot_see_or_touch_the_approval(ready: Browser) -> None:
    page, popup = await ready.open_shop(), await ready.popup()
    before = await page.evaluate("document.documentElement.outerHTML")
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    assert await page.evaluate("document.documentElement.outerHTML") == before, "nothing of the approval is in the page"
    assert await page.evaluate("window.frames.length") == 0
    assert await page.evaluate("typeof ledgerosCheckout") == "undefined"
    opened = await page.evaluate(
        "(address) => { const w = window.open(address); return w === null || w.location.href === 'about:blank'; }", popup.url
    )
    assert opened
    await popup.get_by_role("button", name="Deny", exact=True).click()
    await ready.peer.expect("deny")
