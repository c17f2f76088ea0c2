"""A person teaches a demo shop by the real command, in a terminal and a browser, and then it is paid in surrogate mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.client import Outcome
from broker.core.errors import LedgerError
from broker.demo.shops.kinds import Kind
from broker.demo.teaching import teach
from tests.browser.surrogate import TAUGHT, WAITS, SurrogateWorld

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("kind", [Kind.FORM, Kind.JSON, Kind.GRAPHQL])
async def test_a_shop_that_a_person_taught_is_paid_and_its_page_never_held_the_number(
    surrogate: SurrogateWorld, kind: Kind, tmp_path: Path
) -> None:
    world = surrogate.world
    surrogate.teach()
    try:
        said = await teach(world.stage, world.shop, f"{world.shop.at(kind)}/checkout", tmp_path / "hands")
        assert f"{kind}-pay.localhost is another site than the shop's, {kind}-shop.localhost." in said
        assert "paperandpine" in said, "the account that it names is shown"
        page = await world.open(kind=kind)
        asked = world.ask(await surrogate.card(), page.url)
        async with world.person.popup() as popup:
            text = await popup.wait_for_text("was taught since it was last paid here")
            await popup.approve()
            await popup.wait_for_text(WAITS)
        assert f"It goes to {kind}-pay.localhost, as " in text
        release = await asked
        assert (release.status, release.mode) == ("paying", "surrogate")
        await page.get_by_role("button", name="Pay").click()
        await page.get_by_text("✓ Paid").wait_for()
        assert (await world.ended(release)).outcome is Outcome.SUBMITTED
        assert [event.facts["origin"] for event in world.broker_events("person:checkout:taught")][-1] == world.shop.at(kind)
    finally:
        surrogate.teach(*TAUGHT)


async def test_nothing_is_taught_while_the_agent_waits_for_an_answer(surrogate: SurrogateWorld, tmp_path: Path) -> None:
    world = surrogate.world
    page = await world.open()
    asked = world.ask(await surrogate.card(), page.url)
    async with world.person.popup() as popup:
        await popup.wait_until_ready()
        with pytest.raises(LedgerError, match="Nothing is taught while an agent shops"):
            await teach(world.stage, world.shop, f"{world.shop.at(Kind.JSON)}/checkout", tmp_path / "hands")
        await popup.deny()
    assert (await asked).outcome is Outcome.DENIED
