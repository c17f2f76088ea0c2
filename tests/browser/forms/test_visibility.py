"""A field that a person does not see is not filled, whoever hides it and how."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.browser.forms.engine_world import CARD, EngineWorld

FIELD = '<div id="parent"><label>Card number <input id="field" name="cardnumber"></label></div>'
REST = '<p><label>Expiry <input id="exp" placeholder="MM/YY"></label></p><p><label>CVV <input id="cvv" name="cvv"></label></p>'
COVER = "position:fixed;left:0;top:0;width:900px;height:700px;background:white"

# What the published attacks on extensions do to a field or lay over it.
HIDDEN = {
    "opacity of the root": ("<style>html{opacity:0.01}</style>", "transparent"),
    "opacity of the body": ("<style>body{opacity:0}</style>", "transparent"),
    "opacity of its parent": ("<style>#parent{opacity:0}</style>", "transparent"),
    "opacity shared out over its ancestors": ("<style>html,body,form,#parent,#field{opacity:0.7}</style>", "transparent"),
    "an opacity filter": ("<style>#parent{filter:opacity(0)}</style>", "transparent"),
    "no display": ("<style>#parent{display:none}</style>", "not displayed"),
    "no visibility": ("<style>#parent{visibility:hidden}</style>", "not displayed"),
    "one pixel": ("<style>#field{width:1px;height:1px;padding:0;border:0}</style>", "too small"),
    "a scale of nothing": ("<style>#parent{transform:scale(0.01)}</style>", "too small"),
    "a clip of nothing": ("<style>#field{position:absolute;clip:rect(0 0 0 0)}</style>", "clipped"),
    "a clip path": ("<style>#parent{clip-path:inset(50%)}</style>", "clipped"),
    "a box that cuts it off": ("<style>#parent{overflow:hidden;height:1px}</style>", "clipped"),
    "a place off the page": ("<style>#field{position:absolute;left:-9999px}</style>", "off the page"),
    "an overlay": (f'<div style="{COVER}"></div>', "covered"),
    "an overlay that lets clicks through": (f'<div style="{COVER};pointer-events:none"></div>', "covered"),
    "an overlay that insists on letting clicks through": (f'<div style="{COVER};pointer-events:none !important"></div>', "covered"),
    "a popover in the top layer": (
        f'<div popover id="over" style="{COVER};max-width:none;max-height:none;margin:0;border:0;pointer-events:none"></div><script>over.showPopover()</script>',  # noqa: E501
        "covered",
    ),
    "a dialog in the top layer": (
        f'<dialog id="over" style="{COVER};max-width:none;max-height:none;margin:0;border:0"></dialog><script>over.showModal()</script>',
        "covered",
    ),
    "an overlay in pieces, each as small as an icon": (
        "".join(
            f'<div style="position:fixed;left:{x}px;top:{y}px;width:60px;height:12px;background:white;z-index:9"></div>'
            for x in range(0, 420, 60)
            for y in range(0, 72, 12)
        ),
        "covered",
    ),
    "thin layers that each let light through": (f'<div style="{COVER};background:rgba(255,255,255,0.4)"></div>' * 5, "covered"),
    "an overlay that is inert": (f'<div inert style="{COVER}"></div>', "covered"),
    "an overlay that a style makes inert": (f'<div style="{COVER};interactivity:inert"></div>', "covered"),
    "a turn out of sight": ("<style>#parent{transform:rotateY(90deg)}</style>", "too small"),
    "content that is not drawn": ("<style>#parent{content-visibility:hidden}</style>", "not displayed"),
    "a closed part of the page": ("<script>const d = document.createElement('details'); parent_ = document.querySelector('#parent'); parent_.replaceWith(d); d.append(parent_)</script>", "not displayed"),  # noqa: E501
    "a picture over most of it": (
        '<div style="position:absolute;left:0;top:0;width:240px;height:200px;background:url(data:image/gif;base64,R0lGODlhAQABAAAAACw=);pointer-events:none"></div>',  # noqa: E501
        "covered",
    ),
}  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("trick", HIDDEN)
async def test_a_hidden_field_gets_nothing(page: Page, engine: str, trick: str) -> None:
    attack, reason = HIDDEN[trick]
    await page.set_content(f"<form>{FIELD}{REST}</form>{attack}")
    world = await EngineWorld.open(page, engine)
    assert await world.call("seen", "#field") == reason
    await world.call("fillForm", CARD)
    assert await page.input_value("#field") == ""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "decoration",
    [
        "",
        '<style>label{position:relative}label span{position:absolute;left:4px;top:2px;pointer-events:none}</style>',
        f'<div style="{COVER};background:none;pointer-events:none"></div>',
        "<style>#parent{overflow:hidden;height:60px}</style>",
        "<style>form{overflow:auto;height:60px}p{margin-top:200px}</style><footer style='height:500px;background:white'>Pay</footer>",
        '<style>body{margin-top:2000px}</style>',
    ],
)  # fmt: skip
async def test_an_ordinary_field_is_filled(page: Page, engine: str, decoration: str) -> None:
    await page.set_content(f"<form>{FIELD}{REST}</form>{decoration}")
    world = await EngineWorld.open(page, engine)
    results = await world.call("fillForm", CARD)
    assert {result["type"]: result["kept"] for result in results} == {"cc-number": True, "cc-exp": True, "cc-csc": True}
    assert await page.input_value("#field") == CARD["number"]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["parentElement", "assignedSlot"])
async def test_a_control_named_like_the_way_out_of_its_form_hides_nothing(page: Page, engine: str, name: str) -> None:
    elsewhere = f'<fieldset form="trap" name="{name}"></fieldset>'
    await page.set_content(f'<div style="opacity:0"><form id="trap">{FIELD}{REST}</form></div>{elsewhere}')
    assert await page.evaluate(f"trap.{name} === document.querySelector('[name={name}]')")
    world = await EngineWorld.open(page, engine)
    assert await world.call("seen", "#field") == "transparent"
    await world.call("fillForm", CARD)
    assert await page.input_value("#field") == ""


@pytest.mark.asyncio
async def test_a_control_named_like_a_part_of_its_form_stops_nothing(page: Page, engine: str) -> None:
    shadows = "".join(f'<p><label>Note <input name="{name}"></label></p>' for name in ("action", "querySelectorAll", "elements", "tagName"))
    await page.set_content(f"<form>{FIELD}{REST}{shadows}</form>")
    world = await EngineWorld.open(page, engine)
    await world.call("fillForm", CARD)
    assert await page.input_value("#field") == CARD["number"]


@pytest.mark.asyncio
async def test_an_overlay_inside_a_shadow_root_covers(page: Page, engine: str) -> None:
    inner = f'<form>{FIELD}{REST}</form><div style="{COVER};pointer-events:none"></div>'
    await page.set_content(f'<div id="host"></div><script>host.attachShadow({{mode:"open"}}).innerHTML = `{inner}`</script>')
    world = await EngineWorld.open(page, engine)
    assert await world.call("seen", "#field") == "covered"


@pytest.mark.asyncio
async def test_a_field_that_follows_the_mouse_has_moved(page: Page, engine: str) -> None:
    await page.set_content(f"<form>{FIELD}{REST}</form>")
    world = await EngineWorld.open(page, engine)
    fields = ["#field", "#cvv"]
    at = await world.call("remember", fields)
    await page.evaluate("document.body.style.paddingTop = '120px'")
    assert await world.call("hasMoved", at, fields) is False
    await page.evaluate("cvv.style.cssText = 'position:fixed;left:600px;top:500px'")
    assert await world.call("hasMoved", at, fields) is True


@pytest.mark.asyncio
async def test_a_field_under_a_mouse_that_it_follows_gets_nothing(page: Page, engine: str) -> None:
    follow = "onmousemove = (e) => { field.style.cssText = `position:fixed;opacity:0.01;left:${e.clientX - 9}px;top:${e.clientY - 9}px` }"
    await page.set_content(f"<form>{FIELD}{REST}</form><script>{follow}</script>")
    world = await EngineWorld.open(page, engine)
    assert await world.call("seen", "#field") == "seen"
    await page.mouse.move(500, 400)
    await world.call("fillForm", CARD)
    assert await page.input_value("#field") == ""


@pytest.mark.asyncio
async def test_the_question_leaves_no_trace_in_the_page(page: Page, engine: str) -> None:
    await page.set_content(f'<form>{FIELD}{REST}</form><div id="o" inert style="{COVER};pointer-events:none !important"></div>')
    world = await EngineWorld.open(page, engine)
    await world.call("seen", "#field")
    assert await page.evaluate("[document.adoptedStyleSheets.length, getComputedStyle(o).pointerEvents, o.inert]") == [0, "none", True]
