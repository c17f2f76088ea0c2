"""The README's promise table for direct mode, line by line: every *never* attacked, every *yes* shown to be true."""

from __future__ import annotations

import ssl

import aiohttp
import pytest
from playwright.async_api import Page

from broker.client import Outcome
from broker.demo.evidence import NumberSearch
from broker.demo.purchase import purchase
from broker.issuer.admin import number_of_card
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def search(world: World) -> NumberSearch:
    return NumberSearch(number_of_card(world.stage.state.path, world.story.account.card_id))


async def filled(world: World, **card: str) -> Page:
    page = await world.open()
    asked = world.ask(await world.own_card(**card), page.url)
    await world.approve()
    assert (await asked).outcome is Outcome.FILLED
    return page


async def test_an_agent_that_only_calls_apis_never_receives_the_number(world: World) -> None:
    await world.own_card()
    world.stage.transcript.unlink(missing_ok=True)
    async with purchase(world.stage, world.story.account, world.shop, world.story.browser.port) as deal:
        for event in ("checkout", "details", "asked"):
            await deal.expect(event)
        await world.approve()
        assert (await deal.released())["outcome"] == "filled"
        await deal.held()
        await deal.let_pay()
    received = world.stage.transcript.read_bytes()
    assert not search(world).finds_in(received)
    # The spy works: what the agent did receive is there.
    assert world.story.account.last4.encode() in received
    assert b'\\"outcome\\":' in received.replace(b" ", b"")
    assert await _everything_the_api_answers(world) > 1_000


async def _everything_the_api_answers(world: World) -> int:
    """Read all that an agent token may read, and search it; returns how many bytes that was."""
    account, state = world.story.account, world.stage.state
    total = b""
    base = state.issuer_endpoints()["publicUrl"]
    paths = (
        f"/v1/cards/{account.card_id}",
        f"/v1/cards/{account.card_id}/access-events",
        f"/v1/cards/{account.card_id}/transactions",
        "/v1/cards",
    )

    tls = ssl.create_default_context(cafile=account.ca_file)
    async with aiohttp.ClientSession(headers={"Api-Key": account.agent_token}) as session:
        for path in paths:
            async with session.get(base + path, ssl=tls) as answer:
                assert answer.status == 200
                total += await answer.read()
    assert not search(world).finds_in(total)
    return len(total)


async def test_before_the_fill_the_page_holds_no_number(world: World) -> None:
    page = await world.open()
    asked = world.ask(await world.card(), page.url)
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
        shown = (await popup.text()).encode()
        seen = (await page.content() + await page.locator("body").aria_snapshot()).encode()
        await popup.deny()
    await asked
    assert not search(world).finds_in(shown + seen)


async def test_after_a_direct_fill_a_snapshot_shows_the_number(world: World) -> None:
    page = await filled(world)
    assert search(world).finds_in((await page.locator("form").aria_snapshot()).encode())


async def test_after_a_direct_fill_page_script_reads_the_number(world: World) -> None:
    page = await filled(world)
    values = await page.evaluate("[...document.querySelectorAll('input')].map((field) => field.value)")
    assert search(world).finds_in(" ".join(values).encode())


async def test_the_pages_own_request_carries_the_number_in_direct_mode(world: World) -> None:
    page = await filled(world)
    async with page.expect_request("**/pay") as sent:
        await page.get_by_role("button", name="Pay").click()
    assert search(world).finds_in(((await sent.value).post_data or "").encode())


async def test_a_number_that_leaked_buys_nothing_a_second_time(world: World) -> None:
    page = await filled(world, type="multi")
    values = await page.evaluate("Object.fromEntries([...document.forms[0].elements].filter((e) => e.name).map((e) => [e.name, e.value]))")
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_text("✓ Paid").wait_for()
    again = await world.open()
    for name, value in values.items():
        await again.locator(f"[name={name}]").fill(value)
    await again.get_by_role("button", name="Pay").click()
    assert "no_release" in await again.inner_text("main")
