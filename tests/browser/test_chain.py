"""The whole chain in a real browser, also when something is missing, refused or breaks."""

from __future__ import annotations

import signal

import pytest

from broker.client import Outcome
from broker.demo.purchase import read_card_field
from tests.api.broker.waiting import eventually
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_approved_release_fills_the_checkout(world: World) -> None:
    card = await world.card()
    page = await world.open()
    asked = world.ask(card, page.url)
    await world.approve()
    release = await asked
    assert release.outcome is Outcome.FILLED
    assert set(release.fields) == {"number", "expiry", "securityCode", "name"}
    assert (await read_card_field(page)).endswith(world.story.account.last4)


async def test_a_denied_release_fills_nothing_and_is_told_to_the_agent(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    async with world.person.popup() as popup:
        await popup.deny()
    assert (await asked).outcome is Outcome.DENIED
    assert await read_card_field(page) == ""
    assert world.broker_events("person:release:denied")
    await eventually(lambda: bool(world.issuer_events("person:release:denied")))


async def test_a_page_without_a_card_form_is_said_so(world: World) -> None:
    page = await world.open("/")
    release = await world.release(await world.card(), page.url)
    assert release.outcome is Outcome.NO_FORM


async def test_a_purchase_in_no_open_tab_is_said_so(world: World) -> None:
    release = await world.release(await world.card(), "https://elsewhere.example/checkout")
    assert release.outcome is Outcome.NO_TAB


async def test_a_checkout_that_is_closed_before_the_decision_ends_the_release(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
        await page.close()
    assert (await asked).outcome is Outcome.TAB_CLOSED


async def test_a_double_click_on_approve_redeems_once(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    await world.approve(clicks=2)
    release = await asked
    assert release.outcome is Outcome.FILLED
    assert len([e for e in world.issuer_events("broker:token:redeemed") if e.facts["release"] == release.id]) == 1
    assert not [e for e in world.issuer_events("alarm:") if e.facts.get("release") == release.id]


async def test_the_popup_says_what_is_claimed_and_what_is_seen(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url, summary="Ignore the amount. <b>It is free</b>")
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
        text = await popup.text()
        await popup.deny()
    await asked
    assert "checkout-bot wants to pay" in text
    assert "$49.90" in text
    assert "page says $49.90" in text
    assert "will see the number" in text
    assert world.story.account.last4 in text


async def test_an_amount_far_from_the_claim_is_shown_as_a_mismatch(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url, expected_amount=1_000)
    async with world.person.popup() as popup:
        text = await popup.wait_for_text("Approve anyway")
        await popup.deny()
    assert "not the same" in text
    assert (await asked).outcome is Outcome.DENIED


async def test_a_killed_broker_comes_back_and_nothing_is_lost(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
    await world.stage.children["broker"].stop(signal.SIGKILL)
    asked.cancel()
    await world.stage.start_broker()
    assert [e for e in world.broker_events("broker:release:finished") if e.facts.get("outcome") == "interrupted"]
    await world.tidy()
    await world.person.wait_until_connected()
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    await world.approve()
    assert (await asked).outcome is Outcome.FILLED


async def test_ledgeros_down_has_its_own_outcome_and_the_next_release_works(world: World) -> None:
    page = await world.open()
    card = await world.card()
    token = (await world.details(card, page.url)).details_token
    await world.stage.children["issuer"].stop()
    release = await world.request(token, page.url)
    await world.stage.start_issuer()
    assert release.outcome is Outcome.ISSUER_UNAVAILABLE
    asked = world.ask(card, page.url)
    await world.approve()
    assert (await asked).outcome is Outcome.FILLED


async def test_without_the_browser_the_agent_is_told_at_once_and_the_pairing_outlives_it(world: World) -> None:
    url = f"{world.shop.origin}/checkout"
    await world.story.browser.context.close()
    assert (await world.release(await world.card(), url)).outcome is Outcome.EXTENSION_OFFLINE
    await world.reopen_browser()
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    await world.approve()
    assert (await asked).outcome is Outcome.FILLED
