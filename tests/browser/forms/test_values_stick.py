"""A value holds after the focus left, under every library and framework, and the page's own model has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.forms.engine_world import CARD, EngineWorld
from tests.browser.forms.masks_site import MASKS, serving

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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def masks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the page with all libraries."""
    async with serving(MASKS, Path(tmp_path_factory.mktemp("masks"))) as address:
        yield address


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
