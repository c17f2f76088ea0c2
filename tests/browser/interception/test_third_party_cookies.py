"""A payment carries no cookie that the browser itself would have held back, whether it blocks those of third parties or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Frame, Page

from tests.browser.extension.peer import SURROGATE
from tests.browser.interception.test_who_sends import frame
from tests.browser.interception.world import Paying, paying_world

PAY = "([url, body]) => fetch(url, { method: 'POST', body, credentials: 'include' }).then((answer) => answer.text())"


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[True, False], ids=["blocked", "allowed"])
async def judging(request: pytest.FixtureRequest, built_extension: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Paying]:
    """A browser that blocks third-party cookies, and one that does not."""
    folder = tmp_path_factory.mktemp("cookies")
    preferences = folder / "profile" / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(
        json.dumps({"profile": {"cookie_controls_mode": int(request.param), "block_third_party_cookies": request.param}})
    )
    async with paying_world(built_extension, folder) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def paying(judging: Paying) -> AsyncIterator[Paying]:
    await asyncio.wait_for(judging.peer.online.wait(), 15)
    setter = await judging.browser.open_shop("/set")
    await setter.goto(judging.processor + "/set")
    await setter.close()
    yield judging
    await judging.tidy()


@pytest.fixture
def blocked(request: pytest.FixtureRequest) -> bool:
    """Whether this browser blocks them."""
    return bool(request.node.callspec.params["judging"])


async def sent(paying: Paying, where: Page | Frame, url: str) -> tuple[set[str], set[str]]:
    """The cookies of a request that is not touched, and those of a payment, both from `where` to `url`."""
    await where.evaluate(PAY, [url, "nothing of a card"])
    await where.evaluate(PAY, [url, SURROGATE])
    plain, swapped = (set(filter(None, got.headers.get("Cookie", "").split("; "))) for got in paying.merchant.paid)
    assert [got.number for got in paying.merchant.paid] == [None, "real"]
    return plain, swapped


async def test_a_processors_frame_sends_what_the_browser_lets_it(paying: Paying, blocked: bool) -> None:
    page = await paying.armed()
    plain, swapped = await sent(paying, await frame(page, "processor"), paying.processor + "/pay")
    assert plain == (set() if blocked else {"none=1"})
    assert swapped == plain


async def test_the_shops_own_cookies_go_along_from_page_and_frame(paying: Paying) -> None:
    page = await paying.armed()
    plain, swapped = await sent(paying, page, paying.shop + "/pay")
    assert swapped == plain == {"strict=1", "lax=1", "none=1", "plain=1", "part=1"}
    paying.merchant.got.clear()


async def test_a_page_that_pays_at_another_site_sends_none_that_the_browser_might_block(paying: Paying, blocked: bool) -> None:
    page = await paying.armed()
    plain, swapped = await sent(paying, page, paying.processor + "/pay")
    assert plain == (set() if blocked else {"none=1"})
    assert swapped == set()


async def kept(paying: Paying, where: Page | Frame, url: str) -> tuple[set[str], set[str]]:
    """The cookies that are there after a request that is not touched, and after a payment."""
    found = []
    for body in ("nothing of a card", SURROGATE):
        await paying.browser.context.clear_cookies()
        await where.evaluate(PAY, [url, body])
        found.append({cookie["name"] for cookie in await paying.browser.context.cookies()})
    assert [got.number for got in paying.merchant.paid] == [None, "real"]
    return found[0], found[1]


async def test_an_answer_to_a_processors_frame_sets_what_the_browser_lets_it(paying: Paying, blocked: bool) -> None:
    page = await paying.armed()
    plain, swapped = await kept(paying, await frame(page, "processor"), paying.processor + "/pay/set")
    assert plain == ({"part"} if blocked else {"part", "none"})
    assert swapped == plain


async def test_an_answer_of_another_site_sets_none_that_the_browser_might_block(paying: Paying) -> None:
    page = await paying.armed()
    plain, swapped = await kept(paying, page, paying.processor + "/pay/set")
    assert plain >= swapped == {"part"}


async def test_the_shops_own_answer_sets_all_its_cookies(paying: Paying) -> None:
    page = await paying.armed()
    plain, swapped = await kept(paying, page, paying.shop + "/pay/set")
    assert swapped == plain == {"strict", "lax", "none", "plain", "part"}
