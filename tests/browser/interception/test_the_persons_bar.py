"""While a payment is awaited, a browser with a window shows a bar about debugging. The person closes it: nothing real goes out."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.api.broker.waiting import eventually
from tests.browser.interception.test_ends import PAY, until_unwatched
from tests.browser.interception.world import Paying, paying_world, put_away

pytestmark = pytest.mark.skipif(not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="a window needs Xvfb and xdotool")

# The bar's closing button stands at the right, below tabs and address; how far below differs between versions.
FROM_THE_RIGHT = 30
FROM_THE_TOP = (115, 105, 125, 95, 135)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1300x900x24", "-nolisten", "tcp"],
        pass_fds=(write,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as number:
        yield f":{number.readline().strip()}"
    screen.terminate()
    screen.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def windowed(built_extension: Path, display: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Paying]:
    async with paying_world(built_extension, tmp_path_factory.mktemp("windowed"), display=display) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def paying(windowed: Paying) -> AsyncIterator[Paying]:
    await asyncio.wait_for(windowed.peer.online.wait(), 15)
    yield windowed
    await windowed.tidy()


async def close_bar(paying: Paying, page: Page, display: str) -> None:
    """Click the bar's closing button, as a person does, until the debugging has ended."""
    await page.bring_to_front()
    left, top, width = await page.evaluate("[screenX, screenY, outerWidth]")
    height = await page.evaluate("innerHeight")
    for below in FROM_THE_TOP:
        click = ["xdotool", "mousemove", str(left + width - FROM_THE_RIGHT), str(top + below), "click", "1"]
        await asyncio.to_thread(subprocess.run, click, env={**os.environ, "DISPLAY": display}, check=True)
        for _ in range(20):
            if await page.evaluate("innerHeight") > height:  # the page has the bar's room
                return
            await asyncio.sleep(0.05)
    raise AssertionError("the bar is still there")


async def test_a_bar_that_is_closed_ends_the_release_and_the_stand_in_goes_out(paying: Paying, display: str) -> None:
    page = await paying.armed()
    await close_bar(paying, page, display)
    result = await paying.expect("result")
    assert result["outcome"] == "swap_not_seen"
    assert "ended the debugging" in result["detail"]
    await until_unwatched(paying)
    assert await page.evaluate(PAY) == "answered"
    assert [got.number for got in paying.merchant.paid] == ["stand-in"]
    assert paying.egress.sends == []


async def test_a_bar_that_is_closed_while_the_payment_is_out_may_have_been_charged(paying: Paying, display: str) -> None:
    page = await paying.armed()
    paying.egress.hold.clear()
    answer = asyncio.create_task(page.evaluate(PAY))
    await asyncio.wait_for(paying.egress.asked.wait(), 10)
    await close_bar(paying, page, display)
    result = await paying.expect("result")
    assert result["outcome"] == "may_have_been_charged"
    assert "did not get the merchant's answer" in result["detail"]
    # The browser lets go what it had paused, as the page made it.
    assert await answer == "answered"
    paying.egress.hold.set()
    await eventually(lambda: len(paying.merchant.paid) == 2)
    assert [got.number for got in paying.merchant.paid] == ["stand-in", "real"]
    popup = await paying.browser.popup()
    await put_away(popup)
    await expect(popup.get_by_text("May have been charged").first).to_be_visible()
