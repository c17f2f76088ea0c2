"""The page goes on as if it had paid by itself: redirects, cookies, downloads, refusals, errors, the way back."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from broker.protocol.egress import EgressOutcome
from tests.api.broker.waiting import eventually
from tests.browser.extension.peer import PAN
from tests.browser.interception.world import Paying

PAY = """async (path) => { const answer = await fetch(path, { method: "POST", body: "number=" + number() });
    return [answer.status, await answer.text()]; }"""


async def submit(page: Page, action: str, **attributes: str) -> None:
    """Send the checkout's form, as its button would."""
    await page.evaluate(
        """([action, attributes]) => { const form = document.querySelector("form"); form.method = "post"; form.action = action;
        for (const [name, value] of Object.entries(attributes)) form.setAttribute(name, value); form.requestSubmit(); }""",
        [action, attributes],
    )


async def cookies(paying: Paying) -> dict[str, bool]:
    return {cookie["name"]: cookie["httpOnly"] for cookie in await paying.browser.context.cookies(paying.shop)}


@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
async def test_a_form_is_sent_and_its_redirect_followed(paying: Paying, encoding: str) -> None:
    page = await paying.armed()
    await submit(page, "/pay/303", enctype=encoding)
    await page.wait_for_url("**/thanks")
    await expect(page.get_by_role("heading")).to_have_text("/thanks")
    assert [got.number for got in paying.merchant.paid] == ["real"]
    assert await cookies(paying) == {"order": False, "session": True}
    assert [send.resource_type for send in paying.egress.sends] == ["document"]


async def test_the_way_back_leads_to_the_checkout(paying: Paying) -> None:
    page = await paying.armed()
    await submit(page, "/pay/303")
    await page.wait_for_url("**/thanks")
    await page.go_back()
    await expect(page.get_by_role("heading")).to_have_text("Checkout")


async def test_a_redirect_that_keeps_the_body_comes_as_a_payment_of_its_own(paying: Paying) -> None:
    page = await paying.armed()
    status, text = await page.evaluate(PAY, "/pay/307")
    assert status == 200
    assert PAN not in text
    assert [send.url.removeprefix(paying.shop) for send in paying.egress.sends] == ["/pay/307", "/pay"]
    assert [got.number for got in paying.merchant.paid] == ["real", "real"]


async def test_cookies_of_an_answer_to_script_are_kept(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate(PAY, "/pay/cookies")
    assert await cookies(paying) == {"order": False, "session": True}
    assert "session" not in await page.evaluate("document.cookie")


async def test_a_refusal_reaches_the_page_as_it_is(paying: Paying) -> None:
    page = await paying.armed()
    assert await page.evaluate(PAY, "/pay/declined") == [402, '{"error": "card_declined"}']


async def test_a_page_that_gives_up_waiting_is_let_go_and_has_paid_once(paying: Paying) -> None:
    page = await paying.armed()
    paying.egress.hold.clear()
    given_up = asyncio.create_task(
        page.evaluate(
            """() => { window.waiting = new AbortController();
            return fetch("/pay", { method: "POST", body: number(), signal: waiting.signal }).catch((error) => error.name); }"""
        )
    )
    await asyncio.wait_for(paying.egress.asked.wait(), 10)
    await page.evaluate("waiting.abort()")
    assert await given_up == "AbortError"
    paying.egress.hold.set()
    await eventually(lambda: [got.number for got in paying.merchant.paid] == ["real"])
    assert await page.evaluate("document.querySelector('h1').textContent") == "Checkout"


async def test_an_answer_of_megabytes_arrives_whole(paying: Paying) -> None:
    page = await paying.armed()
    status, text = await page.evaluate(PAY, "/pay/large")
    assert (status, len(text)) == (200, 3_000_000)


async def test_a_file_is_downloaded(paying: Paying) -> None:
    page = await paying.armed()
    async with page.expect_download() as download:
        await submit(page, "/pay/file")
    assert (await download.value).suggested_filename == "receipt.pdf"


@pytest.mark.parametrize("outcome", [EgressOutcome.MERCHANT_TIMEOUT, EgressOutcome.ORIGIN_MISMATCH, EgressOutcome.MERCHANT_UNREACHABLE])
async def test_what_must_not_go_out_fails_as_a_broken_line_does(paying: Paying, outcome: EgressOutcome) -> None:
    page = await paying.armed()
    paying.egress.outcomes.append(outcome)
    assert await page.evaluate("fetch('/pay', { method: 'POST', body: number() }).then(() => 'answered', () => 'failed')") == "failed"
    assert paying.merchant.paid == []


@pytest.mark.parametrize("outcome", [EgressOutcome.NOT_REGISTERED, EgressOutcome.FIELD_MISMATCH, EgressOutcome.SWAP_ALREADY_USED])
async def test_what_is_not_swapped_goes_out_with_the_stand_in(paying: Paying, outcome: EgressOutcome) -> None:
    page = await paying.armed()
    paying.egress.outcomes.append(outcome)
    assert (await page.evaluate(PAY, "/pay"))[0] == 200
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]


async def test_requests_without_the_stand_in_pass(paying: Paying) -> None:
    page = await paying.armed()
    await page.evaluate("fetch('/pay', { method: 'POST', body: 'number=4242424242424242' })")
    assert (len(paying.merchant.paid), paying.egress.sends) == (1, [])


async def test_a_new_tab_that_a_form_opens_pays_if_it_is_paused_in_time_and_else_holds_the_stand_in(paying: Paying) -> None:
    page = await paying.armed()
    async with paying.browser.context.expect_page() as opened:
        await submit(page, "/pay/303", target="_blank")
    await (await opened.value).wait_for_url("**/thanks")
    sent = [(send.top_origin, send.frame_origin) for send in paying.egress.sends]
    assert ([got.number for got in paying.merchant.paid], sent) in [(["real"], [(paying.shop, paying.shop)]), (["stand-in"], [])]
