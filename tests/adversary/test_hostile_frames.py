"""Frames of other sites that change, push in or hang elsewhere: a card is written to the frames that were approved, or to none."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.adversary.test_hostile_page import approve
from tests.browser.extension.conftest import Browser
from tests.browser.extension.peer import CVV, PAN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("adversary-chromium")]

CODE = "document.querySelector('#code')"
LOADS_A_FRAME = {
    "a frame leaves for another site": f"{CODE}.src = {CODE}.src.replace('fields.', 'evil.')",
    "a frame loads anew": f"{CODE}.src = {CODE}.src",
    "a frame is swapped for a twin": f"{CODE}.replaceWith({CODE}.cloneNode())",
    "a frame moves to the end of the page": f"document.body.append({CODE})",
}
IN_THE_PAGE = {
    "a frame becomes invisible": f"{CODE}.style.opacity = 0",
    "a frame is covered": "document.body.insertAdjacentHTML('beforeend', '<p style=\"position:fixed;inset:0;background:#fff\">')",
}
IN_THE_FRAME = {
    "the field is swapped for a twin": f"{CODE}.replaceWith({CODE}.cloneNode())",
    "the field hides": f"{CODE}.style.display = 'none'",
    "the field turns into another": f"{CODE}.name = 'cardnumber'",
}


async def values(page: Page) -> str:
    """What all fields of all frames hold."""
    read = "() => [...document.querySelectorAll('input')].map((field) => field.value).join(' ')"
    return " ".join([str(await frame.evaluate(read)) for frame in page.frames])


def until_loaded(script: str) -> str:
    """`script`, and a wait until the frame that it sends away is there again."""
    return f"await new Promise((loaded) => {{ document.addEventListener('load', loaded, {{ capture: true, once: true }}); {script}; }})"


async def attacked(ready: Browser, release_id: str, *, page_script: str = "", frame_script: str = "") -> tuple[str, str]:
    """Approve three hosted fields, let something happen, deliver: the outcome, and what all fields hold then."""
    page, popup = await ready.open_shop("/hosted/fields.localhost"), await ready.popup()
    ready.peer.offer(ready.shop, release_id)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    frame = next(frame for frame in page.frames if frame.url.endswith("/field/code"))
    await frame.evaluate(f"() => {{ {frame_script} }}")
    await page.evaluate(f"async () => {{ {page_script} }}")
    ready.peer.deliver(decision)
    outcome, found = await ready.peer.result(), await values(page)
    await page.close()
    await popup.close()
    return outcome, found


async def test_one_frame_that_changed_after_the_approval_keeps_the_card_from_all(ready: Browser) -> None:
    in_the_page = {**{attack: until_loaded(script) for attack, script in LOADS_A_FRAME.items()}, **IN_THE_PAGE}
    for number, (attack, script) in enumerate(in_the_page.items()):
        outcome, found = await attacked(ready, f"rel_p{number}", page_script=script)
        assert (outcome, found.strip()) == ("page_changed", ""), attack
    for number, (attack, script) in enumerate(IN_THE_FRAME.items()):
        outcome, found = await attacked(ready, f"rel_f{number}", frame_script=script)
        assert (outcome, found.strip()) == ("page_changed", ""), attack
    outcome, found = await attacked(ready, "rel_honest", page_script="document.title = 'Shop!'")
    assert outcome == "filled"
    assert PAN in found, "the spy sees a number where there is one"


async def test_a_frame_that_pushes_in_gets_nothing(ready: Browser) -> None:
    page, popup = await ready.open_shop("/hosted/fields.localhost"), await ready.popup()
    push = """(site) => new Promise((loaded) => {
      const frame = document.createElement('iframe');
      Object.assign(frame, { src: document.querySelector('#code').src.replace('fields.', site), width: 300, height: 60, onload: loaded });
      document.querySelector('form').prepend(frame);
    })"""
    await page.evaluate(push, "early.")
    ready.peer.offer(ready.shop)
    await ready.peer.expect("shown")
    await approve(popup)
    decision = ready.peer.check(await ready.peer.expect("approve"))
    assert decision.seen.frame_origins == (ready.shop.replace("shop.", "fields."),)
    await page.evaluate(push.replace("prepend", "append"), "late.")
    ready.peer.deliver(decision)
    assert await ready.peer.result() == "filled"
    for frame in page.frames:
        field = await frame.evaluate("() => [...document.querySelectorAll('#code')].map((field) => field.value).join('')")
        assert (CVV in field) == (frame.url == decision.seen.frame_origins[0] + "/field/code"), frame.url


async def test_a_frame_gets_nothing_inside_another_sites_page_or_without_an_origin(ready: Browser) -> None:
    page, popup = await ready.open_shop("/cart"), await ready.popup()
    await page.evaluate(
        """() => Promise.all([['evil.', '/hosted/fields.localhost', null], ['fields.', '/field/number', 'allow-scripts allow-forms']].map(
          ([site, path, sandbox]) => new Promise((loaded) => {
            const frame = document.createElement('iframe');
            if (sandbox) frame.sandbox = sandbox;
            Object.assign(frame, { src: location.origin.replace('shop.', site) + path, width: 400, height: 300, onload: loaded });
            document.body.append(frame);
          })))"""
    )
    assert len(page.frames) == 6
    ready.peer.offer(ready.shop)
    assert await ready.peer.result() == "no_form"
    await expect(popup.get_by_role("note")).to_have_count(0)
    assert (await values(page)).strip() == ""
