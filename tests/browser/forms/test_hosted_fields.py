"""Card fields in frames of another origin: each frame gets its own value, and its honeypots nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

from tests.browser.forms.engine_world import CARD, EngineWorld

# One visible field a frame; the others are there to catch whoever fills what he finds.
FIELDS = {
    "number": ("cc-number", "Card number"),
    "name": ("cc-name", "Name on card"),
    "expiry": ("cc-exp", "Expiry date (MM / YY)"),
    "expiry_month": ("cc-exp-month", "Expiry month"),
    "expiry_year": ("cc-exp-year", "Expiry year"),
    "verification_value": ("cc-csc", "Security code"),
}
FRAMES = {"number": CARD["number"], "name": CARD["name"], "expiry": "12 / 30", "verification_value": CARD["securityCode"]}
UNSEEN = "position:absolute!important;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0);margin:-1px;border:0;padding:0"


def frame_page(shown: str, *, declares: bool) -> str:
    """The page of one frame, which shows one field."""
    rows = []
    for name, (token, label) in FIELDS.items():
        style = "" if name == shown else f' style="{UNSEEN}" tabindex="-1" aria-hidden="true"'
        autocomplete = f' autocomplete="{token}"' if declares else ""
        rows.append(f'<label for="{name}" style="{UNSEEN}">{label}</label><input id="{name}" name="{name}"{autocomplete}{style}>')
    return f"<!doctype html><html lang=en><form>{''.join(rows)}</form></html>"


def checkout(frames: str, query: str) -> str:
    """The merchant's page with four frames."""
    shown = "".join(f'<iframe src="{frames}/{name}{query}" width="300" height="60"></iframe>' for name in FRAMES)
    return f'<!doctype html><html lang=en><form><label>Email <input id="email" autocomplete="email"></label>{shown}<button>Pay</button></form></html>'  # noqa: E501


@pytest_asyncio.fixture(loop_scope="session")
async def shop() -> AsyncIterator[str]:
    """The address of a checkout; its frames come from another origin and another site."""
    app = web.Application()
    runner = web.AppRunner(app)

    async def top(request: web.Request) -> web.Response:
        port = runner.addresses[0][1]
        query = f"?{request.query_string}" if request.query_string else ""
        return web.Response(text=checkout(f"http://localhost:{port}", query), content_type="text/html")

    async def frame(request: web.Request) -> web.Response:
        return web.Response(text=frame_page(request.match_info["shown"], declares="plain" not in request.query), content_type="text/html")

    app.router.add_get("/", top)
    app.router.add_get("/{shown}", frame)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.mark.asyncio
@pytest.mark.parametrize("query", ["", "?plain"])
async def test_every_frame_gets_only_its_own_value(page: Page, engine: str, shop: str, query: str) -> None:
    await page.goto(shop + query)
    frames = {frame.url.split("/")[-1].split("?")[0]: frame for frame in page.frames if frame.parent_frame}
    assert set(frames) == set(FRAMES)
    for name, frame in frames.items():
        world = await EngineWorld.open(page, engine, frame)
        offer = await world.call("offer")
        assert offer == [FIELDS[name][0]]
        results = await world.call("fillOwn", offer, CARD)
        assert results == [{"type": FIELDS[name][0], "kept": True}]
    for name, frame in frames.items():
        held = {field: await frame.input_value(f"#{field}") for field in FIELDS}
        assert held == {field: FRAMES[name] if field == name else "" for field in FIELDS}
    assert await page.input_value("#email") == ""


@pytest.mark.asyncio
async def test_a_frame_fills_nothing_it_was_not_given(page: Page, engine: str, shop: str) -> None:
    await page.goto(shop)
    frame = next(frame for frame in page.frames if frame.url.endswith("/verification_value"))
    world = await EngineWorld.open(page, engine, frame)
    assert await world.call("fillOwn", ["cc-number"], CARD) == []
    assert await frame.input_value("#verification_value") == ""
