"""The given page of formatting libraries and frameworks: the engine and its gate fill it, each value holds, and the page's model has it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.forms.engine_world import CARD, EngineWorld
from tests.browser.forms.masks_site import serving
from tests.browser.forms.test_values_stick import HELD

# What each input of the page is for; a name that is not here is a number.
TYPES = {
    "card-name": "cc-name", "ctl-mon": "cc-exp-month", "expiryDate": "cc-exp", "cvc": "cc-csc",
    **{f"{library}-exp": "cc-exp" for library in ("card", "pf", "jq", "cl", "im", "ip", "mk")},
    **{f"{library}-cvc": "cc-csc" for library in ("card", "pf", "jq")},
}  # fmt: skip
MORE = ("card-name", "card-cvc", "pf-cvc", "jq-cvc", "cvc", "ctl-mon")
"""Inputs that the page has and its results do not speak of."""
MODELS = """() => ({
  "cl-num": cl.getRawValue(), "im-num": im.unmaskedValue, "ip-num": document.querySelector("#ip-num").inputmask.unmaskedvalue(),
  "ctl-num": ctl.v, "ctl-mon": ctl.m, "rhf-num": rhf.num, "vue-num": vm.n, "vue-lazy": vm.l,
})"""


@pytest.fixture
def given(shared_file: Callable[[str], Path]) -> Path:
    """The given folder."""
    return shared_file("forms/masks/index.html").parent


@pytest_asyncio.fixture(loop_scope="session")
async def address(given: Path, tmp_path: Path) -> AsyncIterator[str]:
    """Where the given page is, with the libraries that it asks for."""
    async with serving(given, tmp_path) as found:
        yield found


@pytest.mark.asyncio
async def test_every_given_input_holds_its_value_and_its_model_has_it(page: Page, engine: str, given: Path, address: str) -> None:
    names = [*json.loads((given / "results.json").read_text(encoding="utf-8"))["value= only"], *MORE]
    assert len(names) == 21 + len(MORE)
    wanted = {name: HELD[TYPES.get(name, "cc-number")] for name in names}
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.text.startswith("ERR") else None)
    await page.goto(address)
    await page.wait_for_selector("#rhf-num")
    world = await EngineWorld.open(page, engine)
    results = {name: await world.call("fillOne", f"#{name}", TYPES.get(name, "cc-number"), CARD) for name in names}
    assert complaints == [], "a library did not start"
    await page.locator("#rhf-num").focus()
    await page.evaluate("document.activeElement.blur()")
    assert {name: [kept["kept"] for kept in answer] for name, answer in results.items()} == {name: [True] for name in names}
    held = {name: await page.input_value(f"#{name}") for name in names}
    assert {name: "".join(filter(str.isalnum, value)) for name, value in held.items()} == wanted
    models = await page.evaluate(MODELS)
    assert {name: str(value).replace(" ", "") for name, value in models.items()} == {name: wanted[name] for name in models}
