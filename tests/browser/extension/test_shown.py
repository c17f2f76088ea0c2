"""What else a person is told before and after they decide: first times, names like others, what hinders, what was refused."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from broker.core.text import plain_text
from tests.browser.extension.conftest import Browser
from tests.browser.extension.steps import approve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_a_mismatch_without_a_passkey_says_so_beforehand_and_how_to_get_one(ready: Browser) -> None:
    await ready.open_shop("/dear")
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    assert await ready.peer.result() == "passkey_required"
    await expect(popup.get_by_text("A passkey is needed because the amount is above what was asked for.")).to_be_visible()
    await expect(popup.get_by_role("link", name="Add a passkey")).to_be_visible()
    await expect(popup.get_by_role("button", name="Approve anyway")).to_have_count(0)


async def test_the_first_time_at_a_place_is_said_even_when_no_merchant_is_named(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    merchant = popup.get_by_role("row").filter(has_text="no merchant named")
    ready.peer.offer(ready.shop, "rel_1", merchant_text=None)
    await expect(merchant).to_contain_text("first time here")
    await popup.get_by_role("button", name="Deny", exact=True).click()
    await popup.get_by_role("button", name="Done").click()
    ready.peer.offer(ready.shop, "rel_2", merchant_text=None, linked_origins=(ready.shop,))
    await expect(merchant).to_contain_text("approved here before")


@pytest.mark.parametrize(
    ("there", "known", "shown"),
    [
        ("https://arnazon.com", {}, "Amazon"),
        ("https://shop.exarnple.com", {"merchant_text": "Pens", "linked_origins": ("https://shop.example.com",)}, "example.com"),
        ("https://www.amazon.com", {}, None),
    ],
    ids=["like the merchant's name", "like a shop that was approved", "the merchant's own"],
)
async def test_a_name_that_is_drawn_like_a_known_one_is_amber(ready: Browser, there: str, known: dict[str, Any], shown: str | None) -> None:
    await ready.open_at(there)
    popup = await ready.popup()
    ready.peer.offer(there, **known)
    await popup.get_by_test_id("amount").wait_for()
    resembles = popup.get_by_test_id("resembles")
    if shown is None:
        await expect(resembles).to_have_count(0)
    else:
        await expect(resembles).to_have_text(f"! Looks like {shown}, and is another name")
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_be_visible()


async def test_a_request_that_is_shown_while_the_broker_is_away_says_what_mends_it(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await approve_is_possible(popup)
    await ready.peer.stop()
    await expect(popup.get_by_text("Nothing can be approved now. The broker is not running. Start it with ledgeros up.")).to_be_visible()
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_have_attribute("aria-disabled", "true")
    await ready.peer.start()
    await approve_is_possible(popup)


async def approve_is_possible(popup: Page) -> None:
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_have_attribute("aria-disabled", "false")


async def test_an_approval_that_the_broker_refuses_is_said(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    await ready.peer.expect("approve")
    words = "The approval is not about what was asked for (claimed); nothing was released."
    ready.peer.send({"type": "withdrawn", "releaseId": "rel_1", "outcome": "internal_error", "message": words})
    await expect(popup.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("said", ["<<b>b>x", "cafe\u200b\u0301", "Two <b>boxes</b> of pens"])
async def test_the_words_that_a_broker_made_plain_are_signed_as_they_are(ready: Browser, said: str) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, purpose=plain_text(said))
    await ready.peer.expect("shown")
    await approve(popup)
    assert ready.peer.check(await ready.peer.expect("approve")).claimed.purpose == plain_text(said)
