"""What a person is shown of a request, and what counts as an approval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from broker.protocol.decision import Decision
from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import PAN
from tests.browser.extension.steps import approve, popup_with_passkey, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_facts_that_ledgeros_did_not_sign_are_never_shown(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, key=ready.peer.key)
    assert await ready.peer.result() == "internal_error"
    await expect(popup.get_by_text("Nothing was asked yet")).to_be_visible()


async def test_a_browser_that_is_not_enrolled_says_so(browser: Browser) -> None:
    await browser.pair()
    await browser.open_shop()
    browser.peer.offer(browser.shop)
    assert await browser.peer.result() == "not_enrolled"


async def test_another_amount_on_the_page_is_red_and_signed_by_the_passkey(ready: Browser) -> None:
    popup = await popup_with_passkey(ready)
    await ready.open_shop("/dear")
    ready.peer.offer(ready.shop)
    await expect(popup.get_by_role("row").filter(has_text="page says $499.00")).to_contain_text("not the same")
    await expect(popup.get_by_text("Your passkey signs this approval.")).to_be_visible()
    await approve(popup, "Approve anyway")
    assert (await _approved_with_passkey(ready)).mismatches == ("amount",)


async def test_another_origin_than_claimed_is_red_and_signed_by_the_passkey(ready: Browser) -> None:
    popup = await popup_with_passkey(ready)
    page = await ready.open_shop()
    ready.peer.offer("https://shop.example.com", page_url=page.url)
    await expect(popup.get_by_role("row").filter(has_text="shop.example.com")).to_contain_text("not the same")
    await approve(popup, "Approve anyway")
    assert (await _approved_with_passkey(ready)).mismatches == ("origin",)


async def _approved_with_passkey(ready: Browser) -> Decision:
    """Under a setting that asks for a click only."""
    assert ready.peer.approval == "click"
    await ready.peer.expect("shown")
    approval = await ready.peer.expect("approve")
    assert approval["signed"]["passkey"] is not None
    return ready.peer.check(approval)


async def test_an_amount_that_cannot_be_read_is_amber(ready: Browser) -> None:
    await ready.open_shop("/quiet")
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await expect(popup.get_by_role("row").filter(has_text="cannot be read")).to_contain_text("check")
    await expect(popup.get_by_test_id("amount")).to_have_text("$50.00")


async def test_the_agents_words_are_shown_without_markup(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, purpose="<b>Approved</b> by IT \u202eevil", agent_name="bot\u200b<i>")
    await expect(popup.get_by_text("“Approved by IT evil”")).to_be_visible()
    assert await popup.locator("blockquote b").count() == 0


async def test_a_double_click_sends_one_decision(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.dblclick()
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    assert await ready.peer.result() == "filled"


async def test_approve_is_inert_until_the_view_has_settled_for_800_ms(ready: Browser) -> None:
    popup = await _with_a_clock(ready)
    ready.peer.offer(ready.shop)
    button = popup.get_by_role("button", name="Approve", exact=True)
    await button.wait_for()
    await popup.clock.run_for(700)
    await expect(button).to_have_attribute("aria-disabled", "true")
    await button.click(force=True)
    await ready.peer.expect("shown")
    await popup.clock.run_for(200)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()
    await ready.peer.expect("approve")
    await popup.clock.run_for(1_000)
    assert ready.peer.inbox.empty()


async def test_a_second_request_that_moves_the_buttons_makes_them_inert_again(ready: Browser) -> None:
    popup = await _with_a_clock(ready)
    ready.peer.offer(ready.shop)
    button = popup.get_by_role("button", name="Approve", exact=True)
    await button.wait_for()
    await popup.clock.run_for(900)
    await expect(button).to_have_attribute("aria-disabled", "false")
    before = await button.bounding_box()
    ready.peer.offer(ready.shop, "rel_2")
    await popup.get_by_text("One more waits after this.").wait_for()
    assert await button.bounding_box() != before, "the agent chose the moment in which they move"
    await expect(button).to_have_attribute("aria-disabled", "true")
    await button.click(force=True)
    await popup.clock.run_for(700)
    await expect(button).to_have_attribute("aria-disabled", "true")
    await popup.clock.run_for(200)
    await button.click()
    await ready.peer.expect("shown")
    assert ready.peer.check(await ready.peer.expect("approve")).release_id == "rel_1"
    assert ready.peer.inbox.empty(), "one click counted"


async def _with_a_clock(ready: Browser) -> Page:
    """A popup whose time the test moves."""
    await ready.open_shop()
    popup = await ready.popup()
    now = datetime.now(UTC)
    await popup.clock.install(time=now)
    await popup.reload()
    await popup.get_by_text("Connected").wait_for()
    await popup.clock.pause_at(now + timedelta(minutes=1))
    return popup


async def test_enter_does_not_approve_and_script_cannot_click(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await popup.keyboard.press("Enter")
    await button.evaluate("(button) => button.click()")
    await popup.get_by_role("button", name="Deny").click()
    await ready.peer.expect("deny")


async def test_the_person_picks_one_of_several_tabs(ready: Browser) -> None:
    await ready.open_shop("/")
    second = await ready.open_shop("/split")
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await popup.get_by_text("Several tabs fit").wait_for()
    await popup.get_by_role("button", name="Shop").filter(has_text="/split").click()
    await ready.peer.expect("shown")
    await approve(popup)
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    assert await ready.peer.result() == "filled"
    assert await value(second, "#n") == PAN


async def test_a_page_that_changed_before_the_approval_is_shown_anew(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await page.evaluate("for (const e of document.querySelectorAll('p, button')) e.textContent = 'Total: $52.00'")
    await approve(popup)
    await expect(popup.get_by_test_id("amount")).to_have_text("$52.00")
    await approve(popup)
    assert ready.peer.check(await ready.peer.expect("approve")).max_amount == 5200


async def test_a_page_that_changes_while_the_button_is_held_down_is_shown_anew(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.hover()
    await popup.mouse.down()
    await page.evaluate("for (const e of document.querySelectorAll('p, button')) e.textContent = 'Total: $52.00'")
    await popup.wait_for_timeout(600)  # longer than what was looked at when the button went down counts
    await popup.mouse.up()
    await expect(popup.get_by_test_id("amount")).to_have_text("$52.00")
    await approve(popup)
    assert ready.peer.check(await ready.peer.expect("approve")).max_amount == 5200


async def test_a_release_expires_where_it_is_shown(ready: Browser) -> None:
    await ready.open_shop()
    await ready.popup()
    now = ready.peer.facts().issued_at
    ready.peer.offer(ready.shop, expires_at=now + 1_500)
    assert await ready.peer.result() == "expired"


async def test_a_step_up_is_signed_by_the_passkey(browser: Browser) -> None:
    browser.peer.approval = "step-up"
    await browser.pair()
    page = await browser.options()
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    await page.get_by_label("Enrolment code").fill(browser.peer.enrolment_code)
    await page.get_by_role("button", name="Enrol").click()
    await page.get_by_text("✓ Enrolled, with a passkey.").wait_for()
    credentials = await session.send("WebAuthn.getCredentials", {"authenticatorId": added["authenticatorId"]})

    shop = await browser.open_shop()
    browser.peer.offer(browser.shop)
    # A request that needs the passkey opens in a window of its own.
    popup = await browser.context.wait_for_event("page")
    await browser.peer.expect("shown")
    signer = await popup.context.new_cdp_session(popup)
    await signer.send("WebAuthn.enable")
    second = await signer.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    for credential in credentials["credentials"]:
        await signer.send("WebAuthn.addCredential", {"authenticatorId": second["authenticatorId"], "credential": credential})
    await approve(popup)
    approval = await browser.peer.expect("approve")
    assert approval["signed"]["passkey"]["credentialId"] == browser.peer.enrolled["passkey"]["credentialId"]  # type: ignore[index]
    browser.peer.deliver(browser.peer.check(approval))
    assert await browser.peer.result() == "filled"
    assert await value(shop, "[name=cardnumber]") == PAN


async def test_a_step_up_without_a_passkey_is_refused(browser: Browser) -> None:
    browser.peer.approval = "passkey"
    await browser.pair()
    await browser.enrol()
    await browser.open_shop()
    popup = await browser.popup()
    browser.peer.offer(browser.shop)
    assert await browser.peer.result() == "passkey_required"
    await expect(popup.get_by_role("link", name="Add a passkey")).to_be_visible()


async def test_a_request_opens_the_popup_by_itself(ready: Browser) -> None:
    await ready.open_shop()
    ready.peer.offer(ready.shop)
    shown = await ready.peer.expect("shown")
    assert shown["releaseId"] == "rel_1"
