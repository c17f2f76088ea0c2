"""The debug view of the options page: which signals decided about each field of an open page."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.extension.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_the_options_page_explains_every_field_of_an_open_page(ready: Browser) -> None:
    page = await ready.open_shop("/decoys")
    await page.locator("[name=cvc]").fill("737")
    options = await ready.options("#reading")
    await options.get_by_role("button", name="List the open pages").click()
    await options.get_by_role("button", name="Explain").click()
    told = options.get_by_role("status", name="How Shop is read")
    number = told.get_by_role("listitem").filter(has_text='input[name="cardnumber"]').last
    await expect(number).to_contain_text("cc-number ✓")
    await number.locator("summary").click()
    await expect(number.locator(".signals")).to_contain_text(re.compile(r"cc-number \+\d\.\d autocomplete: cc-number"))
    await expect(number.locator(".signals")).to_contain_text("label: card number")
    gift = told.get_by_role("listitem").filter(has_text="gift_card_number").first
    await expect(gift).to_contain_text("left alone")
    await expect(gift.locator("summary")).to_contain_text("gift +")
    await expect(told.get_by_role("listitem").filter(has_text="#trap1").first).to_contain_text("A person does not see it: transparent.")
    assert "737" not in await told.inner_text()
    assert [await field.input_value() for field in await page.locator("input").all() if await field.input_value()] == ["737"], (
        "nothing is filled"
    )


async def test_the_fields_of_frames_of_other_sites_are_explained_where_they_are(ready: Browser) -> None:
    await ready.open_shop("/beside/fields.localhost")
    options = await ready.options("#reading")
    await options.get_by_role("button", name="List the open pages").click()
    await options.get_by_role("button", name="Explain").click()
    told = options.get_by_role("status", name="How Shop is read")
    await expect(told.get_by_role("heading", name="Frame of http://fields.localhost")).to_have_count(3)
    await expect(told.get_by_role("listitem").filter(has_text="input#holder")).to_contain_text("cc-name ✓")
    await expect(told.get_by_role("listitem").filter(has_text="input#other")).not_to_contain_text("✓")
    await expect(told.get_by_role("listitem").filter(has_text="input#number").filter(has_text="✓")).to_have_count(1)
