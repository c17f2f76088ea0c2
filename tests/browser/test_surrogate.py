"""Surrogate mode through the whole chain: each kind of shop is paid with the real card, and its page never held it."""

from __future__ import annotations

import pytest

from broker.client import Outcome
from broker.demo.evidence import NumberSearch
from broker.demo.shops.kinds import Kind
from broker.issuer.admin import number_of_card
from tests.browser.surrogate import TAUGHT, SurrogateWorld, card_field

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.ENCRYPTING])
async def test_the_shop_is_paid_with_the_real_card_and_its_page_never_held_it(surrogate: SurrogateWorld, kind: Kind) -> None:
    paying = await surrogate.paying(kind)
    await paying.look()
    assert "✓ Paid" in await paying.press_pay()
    await paying.look()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    row = await paying.transaction()
    assert row is not None
    assert (row["status"], row["attestationStatus"], row["amount"]) == ("completed", "attested", 4_990)
    assert not paying.finds(paying.number)
    assert paying.finds(paying.stand_in), "the reader sees a number where there is one"


async def test_a_checkout_that_encrypts_in_the_page_is_said_so_and_paid_in_direct_mode(surrogate: SurrogateWorld) -> None:
    world = surrogate.world
    page = await world.open(kind=Kind.ENCRYPTING)
    asked = world.ask(await surrogate.card(), page.url)
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
        text = await popup.text()
        await popup.approve()
        await popup.wait_for_text("Filled")
    release = await asked
    assert (release.outcome, release.mode) == (Outcome.FILLED, "direct")
    assert "encrypts the card inside the page" in text
    assert "will see the number" in text
    number = number_of_card(world.stage.state.path, world.story.account.card_id)
    assert NumberSearch(number).finds_in((await card_field(page, Kind.ENCRYPTING).input_value()).encode())
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_text("✓ Paid").wait_for()


async def test_a_checkout_that_nobody_taught_is_offered_to_be_taught(surrogate: SurrogateWorld) -> None:
    world = surrogate.world
    surrogate.teach()
    page = await world.open(kind=Kind.GRAPHQL)
    await surrogate.forget_modes()
    asked = world.ask(await surrogate.card(), page.url)
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
        text = await popup.text()
        await popup.deny()
    await asked
    surrogate.teach(*TAUGHT)
    assert f"ledgeros teach {surrogate.shop.at(Kind.GRAPHQL)}" in text
    assert "will see the number" in text


async def test_a_shop_that_never_saw_the_number_does_not_see_it_without_the_persons_word(surrogate: SurrogateWorld) -> None:
    world = surrogate.world
    paying = await surrogate.paying()
    await paying.press_pay()
    await paying.ended()
    await world.tidy()
    await world.stage.children["egress"].stop()
    page = await world.open()
    asked = world.ask(await surrogate.card(), page.url)
    async with world.person.popup() as popup:
        text = await popup.wait_for_text("This time it would see it")
        await popup.deny()
    await asked
    await surrogate.start()
    assert "not running" in text
    assert await card_field(page, Kind.FIRST_PARTY).input_value() == ""
