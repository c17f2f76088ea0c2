"""Who will see the number is said, chosen by a person, remembered for each shop, and never changed in silence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from broker.protocol.decision import Decision
from tests.browser.extension.steps import until
from tests.browser.interception.world import EGRESS_KEY, Paying, put_away

MODES = "chrome.storage.local.get('modes').then(({ modes }) => modes)"
UNKNOWN = {"verdict": "unknown", "names": [], "keyId": EGRESS_KEY}
TAUGHT = {
    "verdict": "covered", "names": ["shop"], "keyId": EGRESS_KEY,
    "taught": {"by": "ada", "at": 1_793_700_000_000, "hosts": ["collect.evil.example"]},
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def popup(paying: Paying) -> AsyncIterator[Page]:
    """A browser that remembers no shop; what it is told about coverage is put back afterwards."""
    page = await paying.browser.popup()
    await page.evaluate("chrome.storage.local.remove(['modes', 'lessons'])")
    coverage = paying.peer.coverage
    yield page
    paying.peer.coverage = coverage


async def remember(popup: Page, paying: Paying, mode: str) -> None:
    await popup.evaluate("(modes) => chrome.storage.local.set({ modes })", {paying.shop: mode})


async def asked(paying: Paying, popup: Page, **changes: Any) -> None:
    await paying.browser.open_shop("/")
    await popup.bring_to_front()
    paying.offer(**changes)
    await popup.get_by_test_id("mode").wait_for()


async def approved(paying: Paying, popup: Page) -> Decision:
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()
    while (message := await paying.peer.inbox.get())["type"] != "approve":
        pass
    return paying.peer.check(message)


async def test_a_covered_checkout_does_not_see_the_number(paying: Paying, popup: Page) -> None:
    await asked(paying, popup)
    await expect(popup.get_by_test_id("mode")).to_have_text("The page will not see the number.")
    decision = await approved(paying, popup)
    assert (decision.mode, decision.recipient_key_id) == ("surrogate", EGRESS_KEY)


async def test_the_person_may_show_the_number(paying: Paying, popup: Page) -> None:
    await asked(paying, popup)
    await popup.get_by_role("button", name="Show the page the number").click()
    await expect(popup.get_by_test_id("mode")).to_have_text("This page, and an agent that reads it, will see the number.")
    decision = await approved(paying, popup)
    assert decision.mode == "direct"
    assert decision.recipient_key_id != EGRESS_KEY


async def test_a_key_that_ledgeros_does_not_name_is_not_sealed_to(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = {"verdict": "covered", "names": ["Processor"], "keyId": "YW5vdGhlci1rZXktaWQx"}
    await asked(paying, popup)
    await expect(popup.get_by_text("does not know the key")).to_be_visible()
    await expect(popup.get_by_role("button", name="Approve", exact=True)).to_have_attribute("aria-disabled", "true")
    await popup.get_by_role("button", name="Show the page the number this time").click()
    assert (await approved(paying, popup)).mode == "direct"


async def test_an_unknown_checkout_offers_to_be_taught(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = UNKNOWN
    await asked(paying, popup)
    await expect(popup.get_by_text(f"ledgeros teach {paying.shop}")).to_be_visible()
    assert (await approved(paying, popup)).mode == "direct"


async def test_a_shop_that_did_not_see_the_number_before_sees_it_only_when_the_person_says_so(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = UNKNOWN
    await remember(popup, paying, "surrogate")
    await asked(paying, popup)
    await expect(popup.get_by_text("Last time this shop was paid without seeing the number.")).to_be_visible()
    button = popup.get_by_role("button", name="Approve", exact=True)
    await expect(popup.get_by_text("Choose first whether this page may see the number.")).to_be_visible()
    await expect(button).to_have_attribute("aria-disabled", "true")
    await popup.get_by_role("button", name="Show the page the number this time").click()
    assert (await approved(paying, popup)).mode == "direct"


async def test_what_was_shown_for_want_of_another_way_is_not_what_the_shop_is_remembered_by(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = UNKNOWN
    await remember(popup, paying, "surrogate")
    await asked(paying, popup)
    await popup.get_by_role("button", name="Show the page the number this time").click()
    paying.peer.deliver(await approved(paying, popup))
    assert (await paying.expect("result"))["outcome"] == "filled"
    await popup.get_by_text("The checkout form was filled.").wait_for()
    assert await popup.evaluate(MODES) == {paying.shop: "surrogate"}


async def test_a_covered_checkout_that_starts_by_showing_the_number_says_so_and_offers_to_keep_it(paying: Paying, popup: Page) -> None:
    await remember(popup, paying, "direct")
    await asked(paying, popup)
    mode = popup.get_by_test_id("mode")
    await expect(mode).to_have_text("This page, and an agent that reads it, will see the number.")
    await expect(popup.get_by_text("This shop saw the number before. It can now be paid without seeing it.")).to_be_visible()
    await popup.get_by_role("button", name="Keep the number from the page").click()
    await expect(mode).to_have_text("The page will not see the number.")
    assert (await approved(paying, popup)).mode == "surrogate"


async def test_a_rule_does_not_change_the_mode_of_a_shop(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = UNKNOWN
    await remember(popup, paying, "surrogate")
    await asked(paying, popup, grants=(paying.rule(),))
    await expect(popup.get_by_text("Last time this shop was paid without seeing the number.")).to_be_visible()


async def test_a_checkout_that_was_taught_says_by_whom_and_where_the_number_goes(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = TAUGHT
    await asked(paying, popup)
    mode = popup.get_by_test_id("mode")
    await expect(mode).to_contain_text("The page will not see the number. It goes to collect.evil.example, as ada taught on ")
    await expect(mode).to_contain_text("2026")
    await expect(popup.get_by_text("Approve only if the number may go to collect.evil.example.")).to_be_visible()


async def test_no_rule_sends_the_number_where_nobody_has_seen_that_it_goes(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = TAUGHT
    await asked(paying, popup, grants=(paying.rule(),))
    await expect(popup.get_by_text("Approve only if the number may go to collect.evil.example.")).to_be_visible()


async def test_what_a_person_saw_once_a_rule_pays_until_it_is_taught_anew(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = TAUGHT
    await popup.evaluate("(lessons) => chrome.storage.local.set({ lessons })", {paying.shop: TAUGHT["taught"]})
    page = await paying.armed()
    await page.evaluate("fetch('/pay', { method: 'POST', body: number() })")
    paying.withdraw()
    await popup.wait_for_function("async () => (await chrome.storage.local.get('modes')).modes")
    await put_away(popup)
    await page.close()
    paying.peer.coverage = TAUGHT | {"taught": {"by": "ada", "at": 1_793_700_000_001, "hosts": ["pay.example"]}}
    await asked(paying, popup, grants=(paying.rule(),))
    await expect(popup.get_by_text("Approve only if the number may go to pay.example.")).to_be_visible()


async def test_a_payment_that_went_well_is_what_makes_a_lesson_known(paying: Paying, popup: Page) -> None:
    paying.peer.coverage = TAUGHT
    page = await paying.browser.open_shop("/")
    await popup.bring_to_front()
    paying.offer()
    paying.peer.deliver_surrogate(await approved(paying, popup))
    await paying.expect("ready")
    assert await popup.evaluate("async () => (await chrome.storage.local.get('lessons')).lessons ?? null") is None
    await page.evaluate("fetch('/pay', { method: 'POST', body: number() })")
    paying.withdraw()
    await popup.wait_for_function("async () => (await chrome.storage.local.get('lessons')).lessons")
    kept = await popup.evaluate("async () => (await chrome.storage.local.get('lessons')).lessons")
    assert kept == {paying.shop: TAUGHT["taught"]}


async def test_no_rule_shows_the_number_to_a_page_that_need_not_see_it(paying: Paying, popup: Page) -> None:
    await remember(popup, paying, "direct")
    await asked(paying, popup, grants=(paying.rule(),))
    await expect(popup.get_by_text("This shop saw the number before. It can now be paid without seeing it.")).to_be_visible()
    await popup.get_by_role("button", name="Keep the number from the page").click()
    decision = await approved(paying, popup)
    assert (decision.mode, decision.grant_id) == ("surrogate", None)


async def test_what_worked_is_remembered(paying: Paying, popup: Page) -> None:
    page = await paying.armed()
    await page.evaluate("fetch('/pay', { method: 'POST', body: number() })")
    paying.withdraw()
    await until(popup, MODES, {paying.shop: "surrogate"})


async def test_while_the_page_pays_the_popup_says_so(paying: Paying, popup: Page) -> None:
    await paying.armed()
    await put_away(popup)
    await expect(popup.get_by_text("Waiting for the page to pay")).to_be_visible()
    paying.withdraw("swap_not_seen", "No registered payment endpoint matches this request.")
    await expect(popup.get_by_text("Not paid").first).to_be_visible()


async def test_a_tab_under_another_debugger_is_named(paying: Paying, popup: Page) -> None:
    await asked(paying, popup)
    await expect(popup.get_by_text("Another program is debugging this tab.")).to_be_visible()


async def test_who_debugs_the_tab_is_looked_for_again_right_before_it_pays(paying: Paying, popup: Page) -> None:
    await paying.browser.open_shop("/")
    worker = paying.browser.context.service_workers[0]
    # Somebody debugs these tabs all the time: the test does. So nobody is found until the approval, and then whoever is there.
    await worker.evaluate("() => { self.found = chrome.debugger.getTargets; chrome.debugger.getTargets = async () => []; }")
    try:
        decision = await paying.decided()
    finally:
        await worker.evaluate("() => { chrome.debugger.getTargets = self.found; }")
    paying.peer.deliver_surrogate(decision)
    assert (await paying.expect("ready"))["debugged"] is True
    await put_away(popup)
    await expect(popup.get_by_text("Waiting for the page to pay")).to_be_visible()
    await expect(popup.get_by_text("Another program is debugging this tab.")).to_be_visible()


async def test_a_tab_that_nobody_debugs_pays_without_a_word_of_it(paying: Paying, popup: Page) -> None:
    await paying.browser.open_shop("/")
    worker = paying.browser.context.service_workers[0]
    await worker.evaluate("() => { self.found = chrome.debugger.getTargets; chrome.debugger.getTargets = async () => []; }")
    try:
        paying.peer.deliver_surrogate(await paying.decided())
        assert "debugged" not in await paying.expect("ready")
    finally:
        await worker.evaluate("() => { chrome.debugger.getTargets = self.found; }")
    await put_away(popup)
    await expect(popup.get_by_text("Waiting for the page to pay")).to_be_visible()
    await expect(popup.get_by_text("Another program is debugging this tab.")).to_have_count(0)
