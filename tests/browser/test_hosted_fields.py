"""A payment processor's fields, one a frame, through the whole chain: the registry knows the site, each frame gets its own value."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page

from broker.client import Outcome, Release
from tests.browser.extension import shop
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROCESSOR = "hosted-fields.localhost"


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[int]:
    """The port on which `app` is a shop and its processor."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def released(world: World, address: str) -> tuple[Page, Release, str]:
    """A release on the page at `address`, approved; with what the popup said."""
    page = await world.story.browser.context.new_page()
    await page.goto(address)
    asked = world.ask(await world.card(), address)
    async with world.person.popup() as popup:
        text = await popup.wait_for_text("takes the")
        await popup.approve()
        await popup.wait_for_text("Filled")
    return page, await asked, text


async def held(page: Page) -> dict[str, dict[str, str]]:
    """What each frame's fields hold, where they hold anything."""
    read = "() => Object.fromEntries([...document.querySelectorAll('input')].filter((f) => f.value).map((f) => [f.id, f.value]))"
    return {frame.url.rpartition("/")[2]: await frame.evaluate(read) for frame in page.frames}


async def test_a_known_processors_frames_are_filled_each_with_its_own_value(world: World) -> None:
    async with served(shop.application()) as port:
        page, release, text = await released(world, f"http://shop.localhost:{port}/hosted/{PROCESSOR}")
        found = await held(page)
        await page.close()
    assert release.outcome is Outcome.FILLED
    assert set(release.fields) == {"number", "expiry", "securityCode"}
    assert "Demo processor, hosted fields takes the number, expiry, security code" in text
    assert "payment processor that we know" not in text
    assert {name: list(values) for name, values in found.items()} == {
        PROCESSOR: [], "number": ["number"], "expiry": ["expiry"], "code": ["code"],
    }  # fmt: skip
    assert found["number"]["number"].endswith(world.story.account.last4)


async def test_the_given_hosted_form_is_filled_and_its_honeypots_stay_empty(world: World, shared_file: Callable[[str], Path]) -> None:
    folder = shared_file("forms/hosted/expected.json").parent
    expected = json.loads((folder / "expected.json").read_text())["frames"]
    app = web.Application()

    async def checkout(request: web.Request) -> web.Response:
        frames = f"http://{PROCESSOR}:{request.host.rpartition(':')[2]}"
        return web.Response(text=(folder / "checkout.html").read_text().replace("__FRAME_ORIGIN__", frames), content_type="text/html")

    app.router.add_get("/checkout.html", checkout)
    app.router.add_static("/", folder)
    async with served(app) as port:
        page, release, _ = await released(world, f"http://shop.localhost:{port}/checkout.html")
        found = await held(page)
        await page.close()
    assert release.outcome is Outcome.FILLED
    assert {name: list(found[name]) for name in expected} == {name: [frame["fill"]] for name, frame in expected.items()}
    assert found["checkout.html"] == {}
