"""An agent with the browser's DevTools in surrogate mode: it reads every request, the extension itself, the memory of every process.

Spies of one page each (`page.route`, CDP, traces) are in `tests/browser/interception/test_spies.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, Route, async_playwright

from broker.client import Outcome
from broker.demo.evidence import NumberSearch
from broker.issuer.admin import number_of_card
from tests.adversary.surrogate_stack import Hostile

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("adversary-surrogate"),
    pytest.mark.asyncio(loop_scope="session"),
]

_PAGE = os.sysconf("SC_PAGE_SIZE")
HOLDS_ALL = "async () => JSON.stringify([await chrome.storage.local.get(), await chrome.storage.session.get()])"


@asynccontextmanager
async def browser_level_fetch(hostile: Hostile, seen: list[str]) -> AsyncIterator[None]:
    """A second program at the browser's DevTools port that pauses every request of every tab, and lets it go on."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{hostile.world.story.browser.port}")
        session = await browser.new_browser_cdp_session()
        tasks: set[asyncio.Task[None]] = set()

        def paused(message: dict[str, Any]) -> None:
            task = asyncio.create_task(look(session, message, seen))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        session.on("Fetch.requestPaused", paused)
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": stage} for stage in ("Request", "Response")]})
        yield
        await session.send("Fetch.disable")
        await asyncio.gather(*tasks, return_exceptions=True)
        await browser.close()


async def look(session: CDPSession, message: dict[str, Any], seen: list[str]) -> None:
    seen.append(json.dumps(message))
    if "responseStatusCode" in message and not 300 <= message["responseStatusCode"] < 400:
        seen.append(json.dumps(await session.send("Fetch.getResponseBody", {"requestId": message["requestId"]})))
    await session.send("Fetch.continueRequest", {"requestId": message["requestId"]})


async def paid_directly(hostile: Hostile) -> Page:
    """The control: the person shows the page the number."""
    world, page = hostile.world, await hostile.checkout()
    asked = world.ask(await hostile.surrogate.card(), page.url)
    async with world.person.popup() as popup:
        await popup.choose("Show the page the number")
        in_toolbar = "Go on in a window" in await popup.wait_for_text("will see the number")
        if in_toolbar:  # where no passkey can be asked for
            await popup.go_on_in_window()
    async with world.person.popup() as popup:
        await popup.approve()
        await popup.wait_for_text("Filled")
    assert (await asked).outcome is Outcome.FILLED
    await page.get_by_role("button", name="Pay").click()
    await page.locator("#outcome").wait_for()
    return page


@pytest.mark.parametrize("when", ["before", "after"])
async def test_browser_level_fetch_sees_no_number(hostile: Hostile, when: str) -> None:
    seen: list[str] = []
    if when == "before":
        async with browser_level_fetch(hostile, seen):
            paying = await hostile.surrogate.paying(page=await hostile.checkout())
            await paying.press_pay()
    else:
        paying = await hostile.surrogate.paying(page=await hostile.checkout())
        async with browser_level_fetch(hostile, seen):
            await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    assert hostile.merchant.bodies_with(paying.number) == ["shop.localhost/pay"]
    assert not NumberSearch(paying.number).finds_in("\n".join(seen).encode())


async def test_browser_level_fetch_sees_a_number_that_is_shown_to_the_page(hostile: Hostile) -> None:
    seen: list[str] = []
    async with browser_level_fetch(hostile, seen):
        await paid_directly(hostile)
    number = number_of_card(hostile.world.stage.state.path, hostile.world.story.account.card_id)
    assert NumberSearch(number).finds_in("\n".join(seen).encode())


async def test_an_agent_whose_session_is_older_never_has_the_payment_to_send_elsewhere(hostile: Hostile) -> None:
    page, tried = await hostile.checkout(), []

    async def elsewhere(route: Route) -> None:
        tried.append(route.request.url)
        await route.continue_(url=hostile.merchant.url("/account"))

    await page.route("**/pay", elsewhere)
    paying = await hostile.surrogate.paying(page=page)
    await paying.press_pay()
    assert not tried
    assert hostile.merchant.bodies_with(paying.number) == ["shop.localhost/pay"]


async def test_an_agent_whose_session_is_newer_sends_the_stand_in_elsewhere(hostile: Hostile) -> None:
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    session = await paying.page.context.new_cdp_session(paying.page)
    url = hostile.merchant.url("/account")

    async def elsewhere(message: dict[str, Any]) -> None:
        await session.send("Fetch.continueRequest", {"requestId": message["requestId"], "url": url})

    session.on("Fetch.requestPaused", elsewhere)
    await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*/pay"}]})
    await paying.press_pay()
    assert hostile.merchant.bodies_with(paying.stand_in) == ["shop.localhost/account"]
    assert not hostile.merchant.bodies_with(paying.number)


async def test_the_number_is_in_no_process_of_the_browser(hostile: Hostile) -> None:
    world = hostile.world
    hostile.surrogate.new_card()
    paying = await hostile.surrogate.paying(page=await hostile.checkout())
    await paying.press_pay()
    assert (await paying.ended()).outcome is Outcome.SUBMITTED
    kept = await world.story.browser.context.service_workers[0].evaluate(HOLDS_ALL)
    assert not NumberSearch(paying.number).finds_in(kept.encode())
    assert paying.release.id in kept, "the extension does keep releases"
    processes = await asyncio.to_thread(browser_processes, world.story.browser.profile)
    assert len(processes) > 3
    try:
        found = await asyncio.to_thread(found_in_memory, processes, [paying.stand_in, paying.number.reveal()])
    except PermissionError:
        if os.geteuid() == 0:  # root may read it: a promise that was not tried would pass as one that holds
            raise
        pytest.skip("needs root: this user may not read the browser's memory")
    assert found[paying.stand_in], "the reader finds what the browser held"
    assert not found[paying.number.reveal()]


def browser_processes(profile: Path) -> list[int]:
    """The browser of this profile, and all that it started."""
    parents: dict[int, int] = {}
    main = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status, command = (folder / "status").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(folder.name)] = int(re.findall(r"PPid:\s+(\d+)", status)[0])
        if b"chrom" in command.split(b"\0")[0] and f"--user-data-dir={profile}".encode() in command:
            main.append(int(folder.name))
    found = set(main)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def found_in_memory(processes: list[int], numbers: list[str]) -> dict[str, list[int]]:
    """Which processes hold a number, as bytes or as UTF-16, in memory that they can write to."""
    found: dict[str, list[int]] = {number: [] for number in numbers}
    for pid in processes:
        for region in regions(pid):
            for number in numbers:
                if number.encode() in region or number.encode("utf-16-le") in region:
                    found[number].append(pid)
    return found


def regions(pid: int) -> list[bytes]:
    """What stands in the memory that a process can write to; one that ends meanwhile has none."""
    read: list[bytes] = []
    try:
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory, Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as pages:
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                if " rw" in line:
                    begin, end = (int(part, 16) for part in line.split(" ", 1)[0].split("-"))
                    read.extend(piece(memory, first, last) for first, last in present(pages, begin, end))
    except (FileNotFoundError, ProcessLookupError):
        return read
    return read


def present(pages: Any, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The runs of pages that were ever touched: most of what a browser reserves was not. 8 bytes a page, the top two bits say so."""
    pages.seek(begin // _PAGE * 8)
    entries = pages.read((end - begin) // _PAGE * 8)
    touched = [bool(entry & 0xC0) for entry in entries[7::8]]
    for is_there, run in groupby(enumerate(touched), key=lambda item: item[1]):
        numbers = [number for number, _ in run]
        if is_there:
            yield begin + numbers[0] * _PAGE, begin + (numbers[-1] + 1) * _PAGE


def piece(memory: Any, begin: int, end: int) -> bytes:
    """The bytes from `begin` to `end`."""
    try:
        memory.seek(begin)
        return bytes(memory.read(end - begin))
    except (OSError, ValueError, OverflowError):  # a guard page, or one that was given back
        return b""
