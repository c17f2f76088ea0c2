"""A release from the approval to the filled form, and what may come between."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from broker.protocol.billing import BillingAddress
from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import CVV, PAN
from tests.browser.extension.steps import approve, fill, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_an_approved_release_fills_the_form(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await expect(popup.get_by_test_id("amount")).to_have_text("$49.90")
    await expect(popup.get_by_test_id("origin")).to_contain_text("shop.localhost")
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    assert (decision.seen.origin, decision.seen.page_amount, decision.max_amount) == (ready.shop, 4990, 4990)
    assert (decision.mismatches, decision.mode, decision.device_id) == ((), "direct", "dev_1")
    ready.peer.deliver(decision)
    result = await ready.peer.expect("result")
    assert result["outcome"] == "filled"
    assert set(result["fields"]) == {"number", "name", "expiry", "securityCode"}
    assert await value(page, "[name=cardnumber]") == PAN
    assert await value(page, "[name=exp]") == "03 / 31"
    assert await value(page, "[name=cvc]") == CVV
    assert await value(page, "[name=ccname]") == "ADA EXAMPLE"
    await expect(popup.get_by_text("Filled: number, name, expiry, security code.")).to_be_visible()


async def test_selects_and_split_expiry_are_filled(ready: Browser) -> None:
    page, result = await fill(ready, "/split")
    assert result["outcome"] == "filled"
    assert await value(page, "#n") == PAN
    assert await value(page, "#m") == "3"
    assert await value(page, "#y") == "2031"
    assert await value(page, "#c") == CVV


async def test_the_payers_address_is_filled_when_the_release_carries_one(ready: Browser) -> None:
    address = BillingAddress(line1="1 Analytical Row", city="Sacramento", state="CA", postal_code="95814", country="US")
    lines = {"street": "1 Analytical Row", "city": "Sacramento", "state": "5", "zip": "95814", "country": "United States"}
    wanted = {"payer": "ADA EXAMPLE", **lines}
    for carried in (None, address):
        page, popup = await ready.open_shop("/address"), await ready.popup()
        ready.peer.offer(ready.shop, f"rel_{'with' if carried else 'without'}")
        await ready.peer.expect("shown")
        await approve(popup)
        ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")), billing=carried)
        result = await ready.peer.expect("result")
        assert (result["outcome"], "billing" in result["fields"]) == ("filled", carried is not None)
        held = {name: await value(page, f"#{name}") for name in wanted}
        assert held == (wanted if carried else {**dict.fromkeys(wanted, ""), "country": "Canada"})
        await page.close()
        await popup.close()


async def test_a_same_origin_frame_is_filled(ready: Browser) -> None:
    page, result = await fill(ready, "/frame")
    assert result["outcome"] == "filled"
    assert await page.frame_locator("iframe").locator("[name=cardnumber]").input_value() == PAN


async def test_a_form_that_appears_late_is_found(ready: Browser) -> None:
    page, result = await fill(ready, "/late")
    assert result["outcome"] == "filled"
    assert await value(page, "[name=cardnumber]") == PAN


async def test_decoys_and_invisible_fields_get_nothing(ready: Browser) -> None:
    page, result = await fill(ready, "/decoys")
    assert result["outcome"] == "filled"
    for trap in ("#trap1", "#trap2", "#trap3", "[name=gift_card_number]", "[name=q]"):
        assert await value(page, trap) == ""


async def test_a_framework_that_watches_its_setter_notices_the_change(ready: Browser) -> None:
    page, result = await fill(ready, "/react")
    assert result["outcome"] == "filled"
    assert await page.evaluate("window.changed") == 4


async def test_a_field_that_does_not_keep_its_value_is_named(ready: Browser) -> None:
    _, result = await fill(ready, "/stubborn")
    assert (result["outcome"], result["failed"]) == ("field_rejected", ["securityCode"])


async def test_a_denied_release_is_told_and_nothing_is_filled(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    facts = ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await popup.get_by_role("button", name="Deny").click()
    assert ready.peer.check_no(await ready.peer.expect("deny"), facts).said == "denied", "signed by this browser"
    await expect(popup.get_by_text("The person denied this release.")).to_be_visible()
    assert await value(page, "[name=cardnumber]") == ""


async def test_no_tab_and_no_form_are_told_apart(ready: Browser) -> None:
    ready.peer.offer(ready.shop, "rel_1")
    assert await ready.peer.result() == "no_tab"
    await ready.open_shop("/cart")
    ready.peer.offer(ready.shop, "rel_2")
    assert await ready.peer.result() == "no_form"


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ("document.querySelector('[name=cardnumber]').remove()", "page_changed"),
        ("document.querySelector('form').style.opacity = '0'", "page_changed"),
        ("document.querySelector('[name=cardnumber]').name = 'address2'", "page_changed"),
        ("document.querySelector('form').action = '/account'", "page_changed"),
        ("for (const e of document.querySelectorAll('p, button')) e.textContent = 'Total: $48.00'", "page_changed"),
        (
            "document.body.insertAdjacentHTML('beforeend', '<div style=\"position:fixed;inset:0;background:white\"></div>')",
            "page_changed",
        ),
        ("location.reload()", "page_changed"),
        ("location.href = location.href.replace('shop.', 'other.')", "origin_changed"),
    ],
)
async def test_a_page_that_changed_after_the_approval_gets_nothing(ready: Browser, what: str, outcome: str) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    if "location" in what:
        async with page.expect_navigation():
            await page.evaluate(what)
    else:
        await page.evaluate(what)
    ready.peer.deliver(decision)
    assert await ready.peer.result() == outcome
    assert PAN not in [await field.input_value() for field in await page.locator("input").all()]


async def test_a_restarted_worker_takes_up_what_was_open(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    link = ready.peer.link
    assert link is not None
    session = await ready.context.new_cdp_session(popup)
    await session.send("ServiceWorker.enable")
    await session.send("ServiceWorker.stopAllWorkers")
    await asyncio.wait_for(link.gone.wait(), 15)
    await asyncio.wait_for(ready.peer.online.wait(), 15)
    await approve(popup)
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    assert await ready.peer.result() == "filled"
    assert await value(page, "[name=cardnumber]") == PAN


async def test_a_closed_tab_ends_the_release(ready: Browser) -> None:
    page = await ready.open_shop()
    await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await page.close()
    assert await ready.peer.result() == "tab_closed"


async def test_credentials_sealed_under_another_decision_are_not_used(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    ready.peer.deliver(decision, under=decision.model_copy(update={"max_amount": 999_900}))
    assert await ready.peer.result() == "internal_error"
    assert await value(page, "[name=cardnumber]") == ""


async def test_nothing_is_filled_on_load_nor_for_a_request_that_only_waits(ready: Browser) -> None:
    page, popup = await ready.open_shop(), await ready.popup()
    declared = await popup.evaluate("Object.keys(chrome.runtime.getManifest())")
    assert not {"content_scripts", "web_accessible_resources", "externally_connectable"} & set(declared), (
        "no page gets a script of ours by itself"
    )
    ready.peer.offer(ready.shop, "rel_1")
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    ready.peer.send({"type": "withdrawn", "releaseId": "rel_1", "outcome": "issuer_unavailable", "message": "LedgerOS did not answer."})
    ready.peer.offer(ready.shop, "rel_2")
    await popup.get_by_role("button", name="Next (1)").click()
    await ready.peer.expect("shown")
    ready.peer.deliver(decision.model_copy(update={"release_id": "rel_2"}))
    ready.peer.offer("https://nowhere.example", "rel_3")
    assert await ready.peer.result() == "no_tab", "the delivery was heard before, and answered by nothing"
    assert await page.evaluate("[...document.querySelectorAll('input')].map((field) => field.value).join('')") == ""


async def test_a_delivery_nobody_approved_is_ignored(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, "rel_1")
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    ready.peer.send({"type": "withdrawn", "releaseId": "rel_1", "outcome": "issuer_unavailable", "message": "LedgerOS did not answer."})
    await expect(popup.get_by_text("LedgerOS did not answer.")).to_be_visible()
    ready.peer.deliver(decision)
    ready.peer.offer("https://nowhere.example", "rel_2")
    assert await ready.peer.result() == "no_tab"
    assert await value(page, "[name=cardnumber]") == ""


async def test_nothing_of_the_card_stays_in_the_extension(ready: Browser) -> None:
    await test_an_approved_release_fills_the_form(ready)
    popup = await ready.popup()
    stored = await popup.evaluate("async () => JSON.stringify([await chrome.storage.local.get(), await chrome.storage.session.get()])")
    assert "1111" in stored
    assert PAN not in stored
    assert "ADA EXAMPLE" not in stored
