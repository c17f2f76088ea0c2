"""Forms in shadow roots and frames, forms that come later, and pages that never have one."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.browser.forms.engine_world import CARD, EngineWorld

FORM = "<form><label>Card number <input id=n></label><label>Expiry <input id=e placeholder=MM/YY></label><label>CVV <input id=c></label></form>"  # noqa: E501
PLAN = ["cc-number", "cc-exp", "cc-csc"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "page_text",
    [
        FORM,
        f"<div id=h></div><script>h.attachShadow({{mode:'open'}}).innerHTML = `{FORM}`</script>",
        f"<iframe srcdoc='{FORM}' width=600 height=300></iframe>",
        f"<iframe id=f width=600 height=300></iframe><script>f.contentDocument.body.innerHTML = `{FORM}`</script>",
    ],
    ids=["document", "shadow root", "srcdoc frame", "blank frame"],
)
async def test_a_form_is_found_and_filled_wherever_it_is(page: Page, engine: str, page_text: str) -> None:
    await page.set_content(page_text)
    world = await EngineWorld.open(page, engine)
    assert await world.call("plan") == PLAN
    assert await world.call("fillForm", CARD) == [{"type": type_, "kept": True} for type_ in PLAN]


@pytest.mark.asyncio
async def test_a_sandboxed_frame_is_left_alone(page: Page, engine: str) -> None:
    await page.set_content(f"<iframe sandbox='allow-scripts' srcdoc='{FORM}' width=600 height=300></iframe>")
    assert await (await EngineWorld.open(page, engine)).call("plan") == []


@pytest.mark.asyncio
async def test_a_form_that_is_drawn_later_is_waited_for(page: Page, engine: str) -> None:
    await page.set_content(f"<main></main><script>setTimeout(() => document.querySelector('main').innerHTML = `{FORM}`, 300)</script>")
    assert await (await EngineWorld.open(page, engine)).call("waitForPlan", 5000) is True


@pytest.mark.asyncio
async def test_the_wait_ends(page: Page, engine: str) -> None:
    await page.set_content("<main></main>")
    assert await (await EngineWorld.open(page, engine)).call("waitForPlan", 200) is None


@pytest.mark.asyncio
async def test_a_page_that_changes_without_controls_is_not_looked_at(page: Page, engine: str) -> None:
    await page.set_content("<main></main>")
    await (await EngineWorld.open(page, engine)).call("countLooks")
    await page.evaluate("for (let n = 0; n < 200; n++) document.querySelector('main').append(document.createElement('p'))")
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))")
    assert await page.evaluate("document.documentElement.dataset.looks ?? '0'") == "0"
    await page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    await page.wait_for_function("document.documentElement.dataset.looks === '1'")
