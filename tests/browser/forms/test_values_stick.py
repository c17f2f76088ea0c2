"""A value holds after the focus left, under every library and framework, and the page's own model has it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

from tests.browser.forms.engine_world import CARD, HERE, EngineWorld, bundle

MASKS = HERE / "masks"
INPUTS = {
    "card-num": "cc-number", "card-name": "cc-name", "card-exp": "cc-exp", "card-cvc": "cc-csc",
    "pf-num": "cc-number", "pf-exp": "cc-exp", "pf-cvc": "cc-csc",
    "jq-num": "cc-number", "jq-exp": "cc-exp", "jq-cvc": "cc-csc",
    "cl-num": "cc-number", "cl-exp": "cc-exp", "im-num": "cc-number", "im-exp": "cc-exp",
    "ip-num": "cc-number", "ip-exp": "cc-exp", "mk-num": "cc-number", "mk-exp": "cc-exp",
    "rpi-num": "cc-number", "rpi-exp": "cc-exp", "rpi-cvc": "cc-csc",
    "react-num": "cc-number", "react-month": "cc-exp-month", "form-num": "cc-number",
    "vue-num": "cc-number", "vue-lazy": "cc-number", "keys-num": "cc-number",
}  # fmt: skip
HELD = {"cc-number": CARD["number"], "cc-exp": "1230", "cc-exp-month": "12", "cc-csc": CARD["securityCode"], "cc-name": "AdaExample"}
MODELLED = ("cl-num", "im-num", "ip-num", "vue-num", "vue-lazy", "react-num", "react-month", "form-num")


def install_libraries() -> None:
    """``npm ci`` when the lock changed since the last time."""
    marker = MASKS / "node_modules" / ".lock.sha256"
    wanted = hashlib.sha256((MASKS / "package-lock.json").read_bytes()).hexdigest()
    if marker.exists() and marker.read_text() == wanted:
        return
    scripts = Path(sys.prefix) / "bin"
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([scripts / "npm", "ci", "--legacy-peer-deps"], cwd=MASKS, env=environment, check=True, capture_output=True)
    marker.write_text(wanted)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def masks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the page with all libraries."""
    install_libraries()
    react = bundle(
        MASKS / "react.jsx", Path(tmp_path_factory.mktemp("masks")) / "react.js", "--transform.define", "process.env.NODE_ENV:'production'"
    )
    app = web.Application()

    async def react_bundle(_request: web.Request) -> web.Response:
        return web.Response(text=react, content_type="text/javascript")

    app.router.add_get("/react.bundle.js", react_bundle)
    app.router.add_static("/", MASKS)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/index.html"
    await runner.cleanup()


@pytest.mark.asyncio
async def test_a_value_sticks_in_every_kind_of_input(page: Page, engine: str, masks: str) -> None:
    await page.goto(masks)
    await page.wait_for_selector("#form-num")
    assert await page.evaluate("failed") == []
    world = await EngineWorld.open(page, engine)
    lost = {}
    for name, type_ in INPUTS.items():
        results = await world.call("fillOne", f"#{name}", type_, CARD)
        held = await page.input_value(f"#{name}")
        if results != [{"type": type_, "kept": True}] or "".join(c for c in held if c.isalnum()) != HELD[type_]:
            lost[name] = (held, results)
    assert lost == {}


@pytest.mark.asyncio
async def test_the_model_of_the_page_has_what_the_field_shows(page: Page, engine: str, masks: str) -> None:
    await page.goto(masks)
    await page.wait_for_selector("#form-num")
    world = await EngineWorld.open(page, engine)
    for name in MODELLED:
        await world.call("fillOne", f"#{name}", INPUTS[name], CARD)
    models = await page.evaluate("names => Object.fromEntries(names.map((name) => [name, models[name]()]))", list(MODELLED))
    assert {name: str(value).replace(" ", "") for name, value in models.items()} == {name: HELD[INPUTS[name]] for name in MODELLED}
