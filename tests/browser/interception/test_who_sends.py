"""A request says truly where it comes from and carries the cookies that the browser would send."""

from __future__ import annotations

import pytest
from playwright.async_api import Frame, Page

from tests.browser.extension.peer import SURROGATE
from tests.browser.interception.world import Paying

PAY = "async (number) => (await fetch('/pay', { method: 'POST', body: number })).status"


async def frame(page: Page, name: str) -> Frame:
    found = page.frame(name)
    assert found is not None
    await found.wait_for_load_state()
    return found


def origins(paying: Paying) -> list[tuple[str, str, str]]:
    return [(send.top_origin, send.frame_origin, send.resource_type) for send in paying.egress.sends]


async def test_a_frame_of_the_shop_is_named_as_the_shop(paying: Paying) -> None:
    page = await paying.armed()
    await (await frame(page, "inner")).evaluate(PAY, SURROGATE)
    assert origins(paying) == [(paying.shop, paying.shop, "xhr")]


async def test_a_frame_of_the_processor_is_named_as_the_processor(paying: Paying) -> None:
    page = await paying.armed()
    await (await frame(page, "processor")).evaluate(PAY, SURROGATE)
    assert origins(paying) == [(paying.shop, paying.processor, "xhr")]


async def test_a_frame_without_an_address_has_its_parents(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate(
        "() => new Promise((done) => { const frame = document.createElement('iframe'); frame.name = 'srcdoc'; frame.srcdoc = '<p>';"
        " frame.onload = done; document.body.append(frame); })"
    )
    await (await frame(page, "srcdoc")).evaluate(PAY, SURROGATE)
    assert origins(paying) == [(paying.shop, paying.shop, "xhr")]


async def test_a_sandboxed_frame_pays_nothing(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate(
        "() => new Promise((done) => { const frame = document.createElement('iframe'); frame.name = 'box'; frame.sandbox = 'allow-scripts';"
        " frame.src = '/frame'; frame.onload = done; document.body.append(frame); })"
    )
    await (await frame(page, "box")).evaluate("(number) => fetch('/pay', { method: 'POST', body: number, mode: 'no-cors' })", SURROGATE)
    assert paying.egress.sends == []
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]


async def test_a_form_sent_into_a_frame_is_named_by_the_page_it_stands_in(paying: Paying) -> None:
    page = await paying.armed()
    processor = await frame(page, "processor")
    async with page.expect_event("framenavigated", lambda moved: moved.url.endswith("/pay")):
        await page.evaluate(
            """() => { const form = document.querySelector("form"); form.method = "post"; form.action = "/pay";
            form.target = "processor"; form.submit(); }"""
        )
    assert processor.url.endswith("/pay")
    assert origins(paying) == [(paying.shop, paying.shop, "frame")]


async def test_a_shop_behind_its_own_service_worker_pays_once_with_all_cookies(paying: Paying) -> None:
    setter = await paying.browser.open_shop("/set")
    await setter.close()
    page = await paying.armed()
    await page.evaluate(
        """async () => { await navigator.serviceWorker.register("/relay.js"); await navigator.serviceWorker.ready;
        if (!navigator.serviceWorker.controller) await new Promise((done) => { navigator.serviceWorker.oncontrollerchange = done; }); }"""
    )
    assert await page.evaluate(PAY, SURROGATE) == 200
    assert [got.number for got in paying.merchant.paid] == ["real"]
    assert origins(paying) == [(paying.shop, paying.shop, "xhr")]
    assert "part=1" in paying.merchant.paid[0].headers["Cookie"]
    await page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.unregister())")


@pytest.mark.parametrize("how", ["json", "form"])
async def test_cookies_go_along_as_the_browser_would_send_them(paying: Paying, how: str) -> None:
    setter = await paying.browser.open_shop("/set")
    await setter.goto(paying.processor + "/set")
    await setter.close()
    page = await paying.armed()
    pay = "(url) => fetch(url, { method: 'POST', body: %s, credentials: 'include' }).then((answer) => answer.text())"
    body = "JSON.stringify({ number: number() })" if how == "json" else "new URLSearchParams({ number: number() })"
    await page.evaluate(pay % body, paying.shop + "/pay")
    await page.evaluate(pay % "'nothing of a card'", paying.shop + "/pay")
    swapped, plain = [sorted(got.headers.get("Cookie", "").split("; ")) for got in paying.merchant.paid]
    assert swapped == plain
    assert swapped == ["lax=1", "none=1", "part=1", "plain=1", "strict=1"]


async def test_a_request_that_omits_cookies_has_none(paying: Paying) -> None:
    setter = await paying.browser.open_shop("/set")
    await setter.close()
    page = await paying.armed()
    await page.evaluate("fetch('/pay', { method: 'POST', body: number(), credentials: 'omit' })")
    assert "lax" not in (paying.merchant.paid[0].headers.get("Cookie") or "")


async def test_strict_and_lax_cookies_do_not_cross_sites(paying: Paying) -> None:
    setter = await paying.browser.open_shop("/set")
    await setter.goto(paying.processor + "/set")
    await setter.close()
    page = await paying.armed()
    await (await frame(page, "processor")).evaluate(PAY, SURROGATE)
    await page.evaluate("(url) => fetch(url, { method: 'POST', body: number(), credentials: 'include' })", paying.processor + "/pay")
    sent = [got.headers.get("Cookie") or "" for got in paying.merchant.paid]
    assert all("lax" not in cookie and "strict" not in cookie and "part" not in cookie for cookie in sent)


@pytest.mark.parametrize("where", ["page", "inner", "processor"])
async def test_a_partitioned_cookie_that_script_sets_as_it_pays_goes_along(paying: Paying, where: str) -> None:
    page = await paying.armed()
    from_there = page if where == "page" else await frame(page, where)
    set_and_pay = "(number) => { document.cookie = 'part=2; Path=/; SameSite=None; Secure; Partitioned'; return (%s)(number); }"
    await from_there.evaluate(set_and_pay % PAY, SURROGATE)
    assert [(got.number, got.headers.get("Cookie")) for got in paying.merchant.paid] == [("real", "part=2")]


async def test_a_cookie_of_any_language_goes_along_as_the_browser_sends_it(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate("document.cookie = 'city=M\u00fcnchen; Path=/'; document.cookie = 'name=\u65e5\u672c\\u{1f600}; Path=/'")
    await page.evaluate("fetch('/pay', { method: 'POST', body: 'nothing of a card' })")
    await page.evaluate("fetch('/pay', { method: 'POST', body: number() })")
    plain, swapped = [got.headers["Cookie"] for got in paying.merchant.paid]
    assert swapped == plain == dict(paying.egress.sends[0].headers)["Cookie"] == "city=M\u00fcnchen; name=\u65e5\u672c\U0001f600"
