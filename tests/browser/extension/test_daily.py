"""What a person who approves every day has: a queue, regret, standing rules, approval first, and a browser that may be left alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from broker.protocol.decision import Decision
from broker.protocol.grants import Grant, GrantState
from tests.browser.extension.conftest import Authenticator, Browser
from tests.browser.extension.peer import PAN, now_ms
from tests.browser.extension.steps import popup_with_passkey, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

EGRESS_KEY = "ZWdyZXNzLWtleS1pZDE"
INTENT: dict[str, Any] = {"token_hash": None, "access_event_id": None, "intent_id": "intent_1"}


async def approve(popup: Page) -> None:
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()


async def deny_and(popup: Page, words: str) -> None:
    button = popup.get_by_role("button", name="More ways to refuse")
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()
    await popup.get_by_role("menuitem", name=words).click()


def grant(ready: Browser, **bounds: object) -> GrantState:
    """A rule as LedgerOS would put it into its facts."""
    now = now_ms()
    base = {
        "version": 1, "grant_id": "grant_1", "device_id": "dev_1", "agent_id": "agent_1", "agent_name": "checkout-bot",
        "origin": ready.shop, "max_amount": 6000, "currency": "USD", "count_per_day": 3, "from_minute": 0, "to_minute": 1440,
        "utc_offset_minutes": 0, "modes": ("direct", "surrogate"), "created_at": now - 1000, "ends_at": now + 86_400_000, "nonce": "AAAA",
    }  # fmt: skip
    return GrantState(grant=Grant.model_validate({**base, **bounds}), used_today=0, used_total=4, last_used_at=None, revoked_at=None)


async def test_a_newcomer_never_replaces_what_is_shown(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, "rel_1", agent_name="first-bot")
    assert (await ready.peer.expect("shown"))["releaseId"] == "rel_1"
    ready.peer.offer(ready.shop, "rel_2", agent_name="second-bot")
    await expect(popup.get_by_text("One more waits after this.")).to_be_visible()
    await expect(popup.get_by_role("heading")).to_have_text("first-bot wants to pay")
    await popup.get_by_role("button", name="Deny").click()
    await ready.peer.expect("deny")
    await expect(popup.get_by_role("heading")).to_have_text("first-bot")
    await popup.get_by_role("button", name="Next (1)").click()
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(popup.get_by_role("heading")).to_have_text("second-bot wants to pay")
    assert (await ready.peer.expect("shown"))["releaseId"] == "rel_2"


async def test_the_toolbar_button_counts_what_waits(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    for number in (1, 2):
        ready.peer.offer(ready.shop, f"rel_{number}")
    await popup.get_by_text("One more waits after this.").wait_for()
    await until(popup, "chrome.action.getBadgeText({})", "2")
    for left in ("1", ""):
        await ready.peer.expect("shown")
        await popup.get_by_role("button", name="Deny").click()
        await ready.peer.expect("deny")
        await until(popup, "chrome.action.getBadgeText({})", left)
        await popup.get_by_role("button", name="Next (1)" if left else "Done").click()


async def test_deny_and_freeze_is_taken_back_where_it_was_made(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await deny_and(popup, "Deny and freeze Visa ·· 1111")
    await ready.peer.expect("deny")
    await expect(popup.get_by_text("Visa ·· 1111 is frozen.")).to_be_visible()
    await popup.get_by_role("button", name="Done").click()
    await popup.get_by_role("button", name="Unfreeze").click()
    await expect(popup.get_by_role("button", name="Unfreeze")).to_have_count(0)
    assert [(act.action.kind, act.action.subject) for act in ready.peer.actions] == [("freeze_card", "card_1"), ("unfreeze_card", "card_1")]


async def test_a_pause_that_failed_says_so_and_the_denial_stands(ready: Browser) -> None:
    ready.peer.refuses = "This agent is unknown."
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await deny_and(popup, "Deny and pause checkout-bot")
    await ready.peer.expect("deny")
    await expect(popup.get_by_role("alert")).to_contain_text("checkout-bot is not paused. This agent is unknown.")
    assert ready.peer.actions == []


async def test_loosening_is_signed_by_the_passkey(browser: Browser) -> None:
    browser.peer.approval = "step-up"
    await browser.pair()
    authenticator = await browser.enrol(passkey=True)
    assert authenticator is not None
    await browser.open_shop()
    popup = await browser.popup()
    await authenticator.moved(popup)
    browser.peer.offer(browser.shop)
    await browser.peer.expect("shown")
    await deny_and(popup, "Deny and pause checkout-bot")
    await popup.get_by_text("checkout-bot is paused.").wait_for()
    await popup.get_by_role("button", name="Done").click()
    await popup.get_by_role("button", name="Resume").click()
    await expect(popup.get_by_role("button", name="Resume")).to_have_count(0)
    pause, resume = browser.peer.actions
    assert (pause.action.kind, pause.passkey) == ("pause_agent", None)
    assert resume.action.kind == "resume_agent"
    assert resume.passkey is not None


async def test_a_stopped_release_is_never_filled(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    facts = ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    await popup.get_by_role("button", name="Stop").click()
    assert ready.peer.check_no(await ready.peer.expect("stop"), facts).said == "stopped", "signed by this browser"
    ready.peer.deliver(decision)
    await expect(popup.get_by_text("The person stopped this release")).to_be_visible()
    ready.peer.offer("https://nowhere.example", "rel_2")
    assert await ready.peer.result() == "no_tab"
    assert await page.locator("[name=cardnumber]").input_value() == ""


async def test_a_rule_pays_without_a_question_and_is_named_in_the_history(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, grants=(grant(ready),))
    decision = ready.peer.check(await ready.peer.expect("approve"))
    assert (decision.grant_id, decision.max_amount) == ("grant_1", 4990)
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "filled"
    assert await page.locator("[name=cardnumber]").input_value() == PAN
    await expect(popup.get_by_text("Paid under your rule: up to $60.00, 3 a day")).to_be_visible()
    await expect(popup.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.parametrize(
    ("facts", "most"),
    [({}, 4989), ({"expected_amount": 4000}, 6000), ({"reason": "subscription"}, 6000)],
    ids=["the amount is above the rule's", "the page contradicts the agent", "a subscription"],
)
async def test_what_no_rule_covers_is_asked(ready: Browser, facts: dict[str, Any], most: int) -> None:
    await popup_with_passkey(ready)  # what contradicts the agent is asked of nobody without one
    await ready.open_shop()
    ready.peer.offer(ready.shop, grants=(grant(ready, max_amount=most),), **facts)
    await ready.peer.expect("shown")
    assert ready.peer.inbox.empty()


async def test_a_rule_made_in_the_popup_is_signed_before_the_payment(browser: Browser) -> None:
    browser.peer.approval = "step-up"
    await browser.pair()
    authenticator = await browser.enrol(passkey=True)
    assert authenticator is not None
    await browser.open_shop()
    popup = await browser.popup()
    await authenticator.moved(popup)
    browser.peer.offer(browser.shop)
    await browser.peer.expect("shown")
    await popup.get_by_label("Allow this agent").check()
    await expect(popup.get_by_label("At most (USD)")).to_have_value("49.90")
    await popup.get_by_label("At most (USD)").fill("60")
    await popup.get_by_label("Times a day").fill("2")
    await expect(
        popup.get_by_text("Under this rule the page, and an agent that reads it, will see the number with nobody asked.")
    ).to_be_visible()
    await approve(popup)
    approval = await browser.peer.expect("approve")
    made = browser.peer.grants[0].grant
    assert (made.agent_id, made.origin, made.max_amount, made.count_per_day) == ("agent_1", browser.shop, 6000, 2)
    assert made.modes == ("direct",), "what the popup said of this page, and nothing else"
    assert approval["signed"]["passkey"] is not None
    assert browser.peer.check(approval).grant_id is None


async def test_a_rule_that_was_ticked_for_one_page_is_not_made_of_what_it_became(browser: Browser) -> None:
    """The page turns into one that no rule is made of, and the box goes: so does what was ticked in it."""
    browser.peer.approval = "step-up"
    await browser.pair()
    authenticator = await browser.enrol(passkey=True)
    assert authenticator is not None
    page = await browser.open_shop()
    popup = await browser.popup()
    await authenticator.moved(popup)
    browser.peer.offer(browser.shop)
    await browser.peer.expect("shown")
    await popup.get_by_label("Allow this agent").check()
    await page.goto(browser.shop + "/dear")
    await expect(popup.get_by_label("Allow this agent")).to_have_count(0)
    button = popup.get_by_role("button", name="Approve anyway")
    await expect(button).to_have_attribute("aria-disabled", "false")
    await expect(popup.get_by_text("Your passkey signs this approval.")).to_be_visible()
    await button.click()
    approval = await browser.peer.expect("approve")
    assert browser.peer.grants == []
    assert browser.peer.check(approval).mismatches == ("amount",)


async def test_rules_are_made_listed_and_revoked_in_the_options_page(browser: Browser) -> None:
    await browser.pair()
    await browser.enrol(passkey=True)
    options = browser.context.pages[-1]
    browser.peer.offer("https://nowhere.example")  # an agent is known once it has asked
    assert await browser.peer.result() == "no_tab"
    await options.get_by_text("Make a rule", exact=True).click()
    await options.get_by_label("Site").fill("shop.example.com/cart")
    await options.get_by_label("At most (USD)").fill("20")
    await options.get_by_role("button", name="Sign with your passkey").click()
    await options.get_by_text("✓ The rule holds from now on.").wait_for()
    made = browser.peer.grants[0].grant
    assert (made.origin, made.modes) == ("https://shop.example.com", ("surrogate",))
    await expect(options.get_by_text("up to $20.00, 1 a day")).to_contain_text("the page does not see the number")
    await options.get_by_role("button", name="Revoke").click()
    await expect(options.get_by_text("Revoked –")).to_be_visible()
    act = browser.peer.actions[0]
    assert (act.action.kind, act.action.subject, act.passkey) == ("revoke_grant", browser.peer.grants[0].grant.grant_id, None)


async def test_a_rule_made_where_the_number_is_kept_from_the_page_never_shows_it(browser: Browser) -> None:
    browser.peer.coverage = {"verdict": "covered", "names": ["Processor"], "keyId": EGRESS_KEY}
    await browser.pair()
    authenticator = await browser.enrol(passkey=True)
    assert authenticator is not None
    await browser.open_shop()
    popup = await browser.popup()
    await authenticator.moved(popup)
    browser.peer.offer(browser.shop, egress_keys=(EGRESS_KEY,))
    await browser.peer.expect("shown")
    await popup.get_by_label("Allow this agent").check()
    await expect(popup.get_by_text("The rule holds only where the page does not see the number.")).to_be_visible()
    await approve(popup)
    await browser.peer.expect("approve")
    assert browser.peer.grants[0].grant.modes == ("surrogate",)
    browser.peer.send({"type": "withdrawn", "releaseId": "rel_1", "outcome": "expired", "message": "Over."})
    await popup.get_by_role("button", name="Done").click()
    # Another day the egress is away: the rule does not fill the number in, a person is asked.
    browser.peer.coverage = {"verdict": "unknown", "names": [], "keyId": EGRESS_KEY}
    browser.peer.offer(browser.shop, "rel_2", egress_keys=(EGRESS_KEY,), grants=(browser.peer.grants[0],))
    await expect(popup.get_by_test_id("mode")).to_have_text("This page, and an agent that reads it, will see the number.")
    assert (await browser.peer.expect("shown"))["releaseId"] == "rel_2"


async def test_a_rule_lets_a_page_see_the_number_only_by_an_explicit_choice(browser: Browser) -> None:
    await browser.pair()
    await browser.enrol(passkey=True)
    options = browser.context.pages[-1]
    browser.peer.offer("https://nowhere.example")  # an agent is known once it has asked
    assert await browser.peer.result() == "no_tab"
    await options.get_by_text("Make a rule", exact=True).click()
    await expect(options.get_by_role("radio", name="Not the page")).to_be_checked()
    await options.get_by_label("Site").fill("shop.example.com")
    await options.get_by_label("At most (USD)").fill("20")
    await options.get_by_role("radio", name="The page too").check()
    await expect(options.get_by_text("will see the number with nobody asked.")).to_be_visible()
    await options.get_by_role("button", name="Sign with your passkey").click()
    await expect(options.get_by_text("up to $20.00, 1 a day")).to_contain_text("the page may see the number")
    assert browser.peer.grants[0].grant.modes == ("direct", "surrogate")
    await expect(options.get_by_role("radio", name="Not the page")).to_be_checked()


async def test_an_approval_comes_first_and_the_card_later(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, **INTENT)
    await expect(popup.get_by_text("The agent will fetch the card after you approve.")).to_be_visible()
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    assert (decision.token_hash, decision.intent_id, decision.access_event_id) == (None, "intent_1", None)
    await expect(popup.get_by_text("The agent fetches the card now")).to_be_visible()
    await popup.get_by_role("button", name="Done").click()
    await expect(popup.get_by_role("button", name="Stop")).to_be_visible()
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "filled"
    assert await page.locator("[name=cardnumber]").input_value() == PAN


async def test_the_same_decision_fills_again_when_nothing_was_written(ready: Browser) -> None:
    page, decision = await _approved_first(ready)
    await page.reload()
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "page_changed"
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "filled"
    assert await page.locator("[name=cardnumber]").input_value() == PAN
    await page.reload()
    ready.peer.deliver(decision)
    ready.peer.offer("https://nowhere.example", "rel_2")
    assert await ready.peer.result() == "no_tab"
    assert await page.locator("[name=cardnumber]").input_value() == ""


async def test_another_amount_is_not_filled_under_the_same_decision(ready: Browser) -> None:
    page, decision = await _approved_first(ready)
    await page.goto(ready.shop + "/dear")
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "page_changed"
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "page_changed"
    assert await page.locator("[name=cardnumber]").input_value() == ""


async def _approved_first(ready: Browser) -> tuple[Page, Decision]:
    page = await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, **INTENT)
    await ready.peer.expect("shown")
    await approve(popup)
    return page, ready.peer.check(await ready.peer.expect("approve"))


async def test_an_unattended_browser_says_so_and_asks_nobody(ready: Browser) -> None:
    assert await asyncio.wait_for(ready.peer.attended.get(), 15) is True
    options = await ready.options()
    await options.get_by_label("This browser runs unattended").check()
    assert await asyncio.wait_for(ready.peer.attended.get(), 15) is False
    await ready.open_shop("/")
    ready.peer.offer(ready.shop, "rel_1")
    assert await ready.peer.result() == "refused_by_rule"
    ready.peer.offer(ready.shop, "rel_2", grants=(grant(ready),))
    ready.peer.check(await ready.peer.expect("approve"))
    await ready.open_shop("/split")
    await options.bring_to_front()
    ready.peer.offer(ready.shop, "rel_3")
    assert await ready.peer.result() == "ambiguous_tab"


async def test_a_notification_tells_who_is_elsewhere_and_its_click_only_brings_the_request_up(ready: Browser) -> None:
    page = await ready.open_shop()
    popup = await ready.popup()
    await popup.get_by_text("Connected").wait_for()
    notes = "chrome.notifications.getAll().then(Object.keys)"
    ready.peer.offer(ready.shop, "rel_1")
    await ready.peer.expect("shown")
    assert await popup.evaluate(notes) == [], "a person who looks at it is not notified"
    await popup.get_by_role("button", name="Deny").click()
    await ready.peer.expect("deny")
    await popup.get_by_role("button", name="Done").click()
    await minimise(page)
    ready.peer.offer(ready.shop, "rel_2")
    assert (await ready.peer.expect("shown"))["releaseId"] == "rel_2"
    worker = ready.context.service_workers[0]
    await until(popup, notes, ["release"])
    async with ready.context.expect_page() as opened:
        await worker.evaluate("chrome.notifications.onClicked.dispatch('release')")
    window = await opened.value
    await expect(window.get_by_role("heading")).to_have_text("checkout-bot wants to pay")
    await expect(window.get_by_role("button", name="Approve", exact=True)).to_have_attribute("aria-disabled", "false")
    assert ready.peer.inbox.empty(), "the click decided nothing"
    assert not await worker.evaluate("chrome.notifications.onButtonClicked.hasListeners()"), "it has no button that could"
    await window.get_by_role("button", name="Deny").click()
    await ready.peer.expect("deny")
    await until(popup, notes, [])


async def minimise(page: Page) -> None:
    """The person turns to another program."""
    devtools = await page.context.new_cdp_session(page)
    window = (await devtools.send("Browser.getWindowForTarget"))["windowId"]
    await devtools.send("Browser.setWindowBounds", {"windowId": window, "bounds": {"windowState": "minimized"}})


async def test_what_the_agent_takes_back_disappears_and_says_so(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    ready.peer.offer(ready.shop, "rel_1", **INTENT)
    await ready.peer.expect("shown")
    words = "The agent took the request back before anything was filled."
    ready.peer.send({"type": "withdrawn", "releaseId": "rel_1", "outcome": "withdrawn", "message": words})
    await expect(popup.get_by_text(words)).to_be_visible()
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    await popup.get_by_role("button", name="Done").click()
    await expect(popup.get_by_text("Taken back")).to_be_visible()
    ready.peer.offer(ready.shop, "rel_2", **INTENT)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    ready.peer.send({"type": "withdrawn", "releaseId": "rel_2", "outcome": "withdrawn", "message": words})
    await expect(popup.get_by_text(words)).to_be_visible()
    ready.peer.deliver(decision)
    ready.peer.offer("https://nowhere.example", "rel_3")
    assert await ready.peer.result() == "no_tab", "the card that came too late was not even opened"


async def test_an_incognito_window_is_out_of_reach(ready: Browser) -> None:
    popup = await ready.popup()
    async with ready.context.expect_page() as opened:
        await popup.evaluate("async (url) => { await chrome.windows.create({ incognito: true, url }) }", ready.shop + "/")
    page = await opened.value
    await page.wait_for_load_state()
    assert page.url == ready.shop + "/"
    assert await popup.evaluate("chrome.runtime.getManifest().incognito") == "not_allowed"
    assert ready.shop not in str(await popup.evaluate("chrome.tabs.query({})"))
    ready.peer.offer(ready.shop)
    assert await ready.peer.result() == "no_tab"


async def test_a_tab_in_another_window_is_found(ready: Browser) -> None:
    popup = await ready.popup()
    async with ready.context.expect_page() as opened:
        await popup.evaluate("async (url) => { await chrome.windows.create({ url, focused: false }) }", ready.shop + "/")
    page = await opened.value
    await page.wait_for_load_state()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    ready.peer.deliver(ready.peer.check(await ready.peer.expect("approve")))
    assert await ready.peer.result() == "filled"
    assert await page.locator("[name=cardnumber]").input_value() == PAN


async def test_the_first_page_opens_by_itself_and_leads_through_three_steps(browser: Browser) -> None:
    def is_welcome(page: Page) -> bool:
        return page.url.endswith("/welcome.html")

    page = next(filter(is_welcome, browser.context.pages), None) or await browser.context.wait_for_event("page", is_welcome)
    await page.get_by_label("Pairing code").fill(browser.peer.pairing_code)
    await page.get_by_role("button", name="Pair").click()
    await Authenticator.on(page)
    await page.get_by_label("Enrolment code").fill(browser.peer.enrolment_code)
    await page.get_by_role("button", name="Enrol").click()
    await expect(page.locator("[aria-current=step]")).to_contain_text("Try a payment")
    await expect(page.get_by_text("Done ✓")).to_have_count(2)
    browser.peer.offer("https://nowhere.example")
    assert await browser.peer.result() == "no_tab"
    await expect(page.get_by_text("Done ✓")).to_have_count(2)
    await page.evaluate(PAID, "submitted")
    await page.reload()
    await expect(page.get_by_text("Done ✓")).to_have_count(3)


PAID = """async (outcome) => {
  const { history } = await chrome.storage.local.get("history");
  await chrome.storage.local.set({ history: history.map((entry) => ({ ...entry, outcome, rule: "up to $60.00" })) });
}"""


async def test_a_payment_that_kept_the_number_from_the_page_is_paid_under_its_rule(ready: Browser) -> None:
    popup = await ready.popup()
    ready.peer.offer("https://nowhere.example")
    assert await ready.peer.result() == "no_tab"
    await popup.get_by_role("button", name="Done").click()
    for outcome, words in (("submitted", "Paid under your rule: up to $60.00"), ("swap_not_seen", "Decided by your rule: up to $60.00")):
        await popup.evaluate(PAID, outcome)
        await popup.reload()
        await popup.get_by_role("button", name="Done").click()
        await expect(popup.get_by_text(words)).to_be_visible()


async def test_the_popup_says_that_this_is_a_sandbox(ready: Browser) -> None:
    await ready.open_shop()
    popup = await ready.popup()
    foot = popup.get_by_text("Acme · sandbox: no money moves")
    await expect(foot).to_be_visible()
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await expect(foot).to_be_visible()
    await popup.get_by_role("button", name="Deny", exact=True).click()
    await popup.get_by_role("button", name="Done").wait_for()
    await expect(foot).to_be_visible()
