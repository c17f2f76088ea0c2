"""Card fields in frames of another site, through a whole release: who is told what, and who gets what."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from broker.protocol.billing import BillingAddress
from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import CVV, PAN
from tests.browser.extension.shop import FIELDS
from tests.browser.extension.steps import approve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

VALUES = {"number": PAN, "expiry": "03 / 31", "code": CVV}


async def held(page: Page) -> dict[str, dict[str, str]]:
    """What each frame's fields hold."""
    read = "() => Object.fromEntries([...document.querySelectorAll('input')].map((field) => [field.id, field.value]))"
    return {frame.url.rpartition("/")[2]: await frame.evaluate(read) for frame in page.frames if frame.parent_frame}


def filled(values: dict[str, str]) -> dict[str, dict[str, str]]:
    """Every frame with its own value, and nothing in its honeypots."""
    return {shown: {name: value if name == shown else "" for name in FIELDS} for shown, value in values.items()}


async def test_every_frame_gets_its_own_value_and_an_unknown_site_is_told_to_the_person(ready: Browser) -> None:
    page, popup = await ready.open_shop("/hosted/fields.localhost"), await ready.popup()
    ready.peer.offer(ready.shop)
    await expect(popup.get_by_role("note")).to_contain_text(
        "Another site asks for the number, expiry, security code: http://fields.localhost"
    )
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    assert decision.seen.frame_origins == (ready.shop.replace("shop.", "fields."),)
    assert decision.mismatches == ()
    ready.peer.deliver(decision)
    result = await ready.peer.expect("result")
    assert (result["outcome"], sorted(result["fields"])) == ("filled", ["expiry", "number", "securityCode"])
    assert await held(page) == filled(VALUES)
    assert await page.locator("[autocomplete=email]").input_value() == ""


PLACES = {
    "srcdoc": "f.srcdoc = form",
    "blank": "f.contentDocument.body.innerHTML = form",
    "same site": "f.onload = () => { f.contentDocument.body.innerHTML = form }; f.src = '/cart'",
    "shadow tree": "document.querySelector('main').attachShadow({ mode: 'open' }).innerHTML = form",
}


async def test_hosted_fields_inside_the_sites_own_frames_are_filled(ready: Browser) -> None:
    fields = ready.shop.replace("shop.", "fields.") + "/field"
    frames = "".join(f'<iframe src="{fields}/{name}" width="300" height="60"></iframe>' for name in VALUES)
    for name, place in PLACES.items():
        page, popup = await ready.open_shop("/cart"), await ready.popup()
        await page.evaluate(
            f"""(form) => {{
              document.body.insertAdjacentHTML('beforeend', '<main></main><iframe id=f width=400 height=400></iframe>');
              const f = document.querySelector('#f');
              {place};
            }}""",
            frames,
        )
        ready.peer.offer(ready.shop, f"rel_{name[:2]}")
        await ready.peer.expect("shown")
        await approve(popup)
        ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
        assert await ready.peer.result() == "filled", name
        found = await held(page)
        assert {field: found[field] for field in VALUES} == filled(VALUES), name
        await page.close()
        await popup.close()


async def test_a_form_that_comes_at_a_later_step_is_filled_once_under_the_first_approval(ready: Browser) -> None:
    page, popup = await ready.open_shop("/steps"), await ready.popup()
    ready.peer.offer(ready.shop, token_hash=None, access_event_id=None, intent_id="int_1")
    await expect(popup.get_by_text("There is no card form here yet")).to_be_visible()
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    ready.peer.deliver(decision)
    await expect(popup.get_by_text("Filling")).to_be_visible()
    assert await page.locator("input").count() == 0
    await page.locator("#next").click()
    assert await ready.peer.result() == "filled"
    assert await page.locator("[name=cardnumber]").input_value() == PAN
    await page.locator("[name=cardnumber]").fill("")
    await page.evaluate("document.querySelector('main').append(document.querySelector('form').cloneNode(true))")
    ready.peer.deliver(decision)
    ready.peer.offer(ready.shop.replace("shop.", "nowhere."), "rel_2")
    assert await ready.peer.result() == "no_tab", "the second delivery was heard before, and answered by nothing"
    assert PAN not in str(await page.evaluate("[...document.querySelectorAll('input')].map((field) => field.value)"))


async def test_a_later_step_at_another_amount_gets_nothing(ready: Browser) -> None:
    page, popup = await ready.open_shop("/steps"), await ready.popup()
    ready.peer.offer(ready.shop, token_hash=None, access_event_id=None, intent_id="int_1")
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    await page.evaluate("document.querySelector('p').textContent = 'Total: $94.90'")
    await page.locator("#next").click()
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "page_changed"
    assert await page.locator("[name=cardnumber]").input_value() == ""


INTENT: dict[str, Any] = {"token_hash": None, "access_event_id": None, "intent_id": "int_1"}


async def test_the_holders_name_is_the_pages_own_and_the_page_gets_nothing_else(ready: Browser) -> None:
    page, popup = await ready.open_shop("/beside/fields.localhost"), await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    result = await ready.peer.expect("result")
    assert (result["outcome"], sorted(result["fields"])) == ("filled", ["expiry", "name", "number", "securityCode"])
    assert await held(page) == filled(VALUES)
    own = {name: await page.locator(f"#{name}").input_value() for name in ("holder", "trap", "other")}
    assert own == {"holder": "ADA EXAMPLE", "trap": "", "other": ""}


async def test_the_address_goes_to_the_page_around_the_frames(ready: Browser) -> None:
    page, popup = await ready.open_shop("/hosted/fields.localhost"), await ready.popup()
    await page.evaluate("document.querySelector('form').insertAdjacentHTML('beforeend', '<label>City <input id=city></label>')")
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    billing = BillingAddress(line1="1 Analytical Row", city="Sacramento", country="US")
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")), billing=billing)
    assert await ready.peer.result() == "filled"
    assert await page.locator("#city").input_value() == "Sacramento"
    assert await held(page) == filled(VALUES)


async def test_hosted_fields_are_filled_again_where_nothing_was_written(ready: Browser) -> None:
    page, popup = await ready.open_shop("/beside/fields.localhost"), await ready.popup()
    ready.peer.offer(ready.shop, **INTENT)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    await page.reload()
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "page_changed"
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "filled"
    assert await held(page) == filled(VALUES)
    assert await page.locator("#holder").input_value() == "ADA EXAMPLE"


async def test_a_frame_that_nobody_was_shown_gets_nothing_at_a_retry(ready: Browser) -> None:
    page, popup = await ready.open_shop("/beside/fields.localhost"), await ready.popup()
    ready.peer.offer(ready.shop, **INTENT)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    await page.goto(f"{ready.shop}/beside/other.localhost")
    for _ in range(2):
        ready.peer.deliver(decision)
        assert await ready.peer.result() == "page_changed"
    assert await held(page) == filled(dict.fromkeys(VALUES, ""))


async def test_hosted_fields_that_came_after_the_approval_are_filled_again(browser: Browser) -> None:
    browser.peer.user_facing_origin = "https://localhost:1"  # where the demo's processors count as known
    await browser.pair()
    await browser.enrol()
    page, popup = await browser.open_shop("/steps/hosted-fields.localhost"), await browser.popup()
    browser.peer.offer(browser.shop, **INTENT)
    await browser.peer.expect("shown")
    await approve(popup)
    decision = browser.peer.check(await browser.peer.expect("approve"))
    assert decision.seen.frame_origins == ()
    await page.locator("#next").click()
    await page.bring_to_front()  # nothing is animated in a tab that nobody sees
    await page.add_style_tag(content="#code { animation: drift 20s linear } @keyframes drift { to { margin-left: 20000px } }")
    browser.peer.deliver(decision)
    assert await browser.peer.result() == "page_changed", "a frame moves on between the look and the fill"
    await page.add_style_tag(content="#code { margin-left: 0; animation: none }")
    browser.peer.deliver(decision)
    assert await browser.peer.result() == "filled"
    assert await held(page) == filled(VALUES)


async def test_a_frame_that_is_sandboxed_or_hangs_in_another_sites_frame_gets_nothing(ready: Browser) -> None:
    page = await ready.open_shop("/hosted/fields.localhost")
    await page.evaluate("for (const f of document.querySelectorAll('iframe')) { f.sandbox = 'allow-scripts'; f.src += '?' }")
    ready.peer.offer(ready.shop, "rel_1")
    assert await ready.peer.result() == "no_form"
    await page.close()
    page = await ready.open_shop("/cart")
    between = ready.shop.replace("shop.", "between.")
    await page.evaluate(
        "(src) => document.body.insertAdjacentHTML('beforeend', `<iframe src=${src} width=600 height=500></iframe>`)",
        f"{between}/hosted/fields.localhost",
    )
    await page.frame_locator("iframe").frame_locator("#number").locator("#number").wait_for()
    ready.peer.offer(ready.shop, "rel_2")
    assert await ready.peer.result() == "no_form"


OVER = "position:fixed;inset:0;background:white"
COVERED = {
    "the frames are transparent": "for (const f of document.querySelectorAll('iframe')) f.style.opacity = '0.01'",
    "the page is transparent": "document.documentElement.style.opacity = '0.1'",
    "an overlay that lets clicks through": f"""document.body.insertAdjacentHTML('beforeend',
      '<div style="{OVER};pointer-events:none"></div>')""",
    "a popover in the top layer": f"""document.body.insertAdjacentHTML('beforeend',
      '<div popover id=p style="{OVER};width:100%;height:100%;border:0;pointer-events:none"></div>'); p.showPopover()""",
    "an overlay below the edge of the window": f"""document.body.insertAdjacentHTML('afterbegin', '<div style="height:3000px"></div>');
      document.body.insertAdjacentHTML('beforeend', '<div style="{OVER};pointer-events:none"></div>')""",
}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_frames_that_a_person_cannot_see_into_get_nothing(ready: Browser, when: str) -> None:
    for number, (name, attack) in enumerate(COVERED.items()):
        page, popup = await ready.open_shop("/hosted/fields.localhost"), await ready.popup()
        if when == "before":
            await page.evaluate(attack)
        ready.peer.offer(ready.shop, f"rel_{number}")
        message = await ready.peer.inbox.get()
        if message["type"] == "result":
            assert message["outcome"] == "no_form", name
        else:
            await approve(popup)
            decision = ready.peer.check(await ready.peer.expect("approve"))
            if when == "after":
                await page.evaluate(attack)
            ready.peer.deliver(decision)
            assert await ready.peer.result() == "page_changed", name
        assert await held(page) == filled(dict.fromkeys(VALUES, "")), name
        await page.close()
        await popup.close()
