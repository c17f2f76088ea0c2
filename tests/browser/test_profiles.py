"""A person with two profiles: each is paired by itself, and a payment finds the one that shows the checkout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from broker import admin
from broker.client import Outcome
from broker.demo.browser import Look, launch_shopping_browser
from broker.demo.person import Person
from broker.demo.purchase import read_card_field
from broker.install.extension_build import extension_id
from broker.install.native_messaging import register_host
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def second_profile(world: World, folder: Path) -> AsyncIterator[Person]:
    """Another Chromium profile of the same person, paired and enrolled; it was used last."""
    stage = world.stage
    register_host(stage.state, folder)
    async with async_playwright() as playwright:
        browser = await launch_shopping_browser(playwright, folder, stage.folder / "extension", [world.shop.spki], Look())
        try:
            person = Person(browser, extension_id())
            await person.pair(admin.create_pairing_code(stage.state.path))
            await person.enrol(await world.story.owner.enrolment_code("browser"))
            yield person
        finally:
            await browser.context.close()


async def test_a_checkout_in_another_profile_than_the_one_used_last_is_filled(world: World, tmp_path: Path) -> None:
    page = await world.open()
    async with second_profile(world, tmp_path / "profile"):
        asked = world.ask(await world.card(), page.url)
        await world.approve()
        release = await asked
    assert release.outcome is Outcome.FILLED
    assert (await read_card_field(page)).endswith(world.story.account.last4)
    offered = [entry.facts["deviceId"] for entry in world.broker_events("broker:release:offered") if entry.facts["releaseId"] == release.id]
    assert len(set(offered)) == len(offered) == 2, "the profile that was used last, then the other"
