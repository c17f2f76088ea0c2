"""Whoever drives the browser sees the stand-in of a payment, never the number. Each spy is first shown to see a number that is there."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page, Response, Route

from tests.adversary.spies import finds
from tests.browser.extension.peer import PAN, SURROGATE
from tests.browser.interception.world import Paying

Seen = list[str]
Spy = Callable[[Page, Seen, Path], AbstractAsyncContextManager[None]]
SPIES: dict[str, Spy] = {}


def spy(make: Callable[[Page, Seen, Path], AsyncIterator[None]]) -> Callable[[Page, Seen, Path], AsyncIterator[None]]:
    SPIES[make.__name__] = asynccontextmanager(make)
    return make


@spy
async def page_route(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    async with _routes(page.route, page.unroute, seen):
        yield


@spy
async def context_route(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    async with _routes(page.context.route, page.context.unroute, seen):
        yield


@asynccontextmanager
async def _routes(route: Any, unroute: Any, seen: Seen) -> AsyncIterator[None]:
    async def look(request: Route) -> None:
        seen.append(request.request.post_data or "")
        await request.continue_()

    await route("**/pay*", look)
    yield
    await unroute("**/pay*", look)


@spy
async def page_events(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    page.on("request", lambda request: seen.append(request.post_data or ""))
    answers: list[Response] = []

    def answered(answer: Response) -> None:
        answers.append(answer)

    page.on("response", answered)
    yield
    for answer in answers:
        seen.append(json.dumps(answer.headers) + await answer.text())


@spy
async def page_network(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    finished: list[str] = []
    for event in ("Network.requestWillBeSent", "Network.requestWillBeSentExtraInfo", "Network.responseReceived"):
        session.on(event, lambda message: seen.append(json.dumps(message)))
    session.on("Network.loadingFinished", lambda message: finished.append(message["requestId"]))
    yield
    for request in finished:
        for method in ("Network.getRequestPostData", "Network.getResponseBody"):
            try:
                seen.append(json.dumps(await session.send(method, {"requestId": request})))
            except Error:  # there is no such body
                continue
    await session.detach()


@spy
async def page_fetch(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    session = await page.context.new_cdp_session(page)
    async with _fetch(session, seen):
        yield
    await session.detach()


@asynccontextmanager
async def _fetch(session: Any, seen: Seen) -> AsyncIterator[None]:
    async def paused(message: dict[str, Any]) -> None:
        seen.append(json.dumps(message))
        if "responseStatusCode" in message:
            body = await session.send("Fetch.getResponseBody", {"requestId": message["requestId"]})
            seen.append(json.dumps(body))
        await session.send("Fetch.continueRequest", {"requestId": message["requestId"]})

    tasks: list[asyncio.Task[None]] = []
    session.on("Fetch.requestPaused", lambda message: tasks.append(asyncio.create_task(paused(message))))
    patterns = [{"urlPattern": "*/pay*", "requestStage": stage} for stage in ("Request", "Response")]
    await session.send("Fetch.enable", {"patterns": patterns})
    yield
    await asyncio.gather(*tasks, return_exceptions=True)
    await session.send("Fetch.disable")


@spy
async def trace(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    await page.context.tracing.start(screenshots=False, snapshots=True)
    yield
    await page.context.tracing.stop(path=folder / "trace.zip")
    with zipfile.ZipFile(folder / "trace.zip") as archive:
        seen.extend(archive.read(name).decode("latin1") for name in archive.namelist())


@spy
async def har(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    await page.context.tracing.start_har(folder / "page.har", content="embed")
    yield
    await page.context.tracing.stop_har()
    seen.append((folder / "page.har").read_text())


@spy
async def har_with_files(page: Page, seen: Seen, folder: Path) -> AsyncIterator[None]:
    await page.context.tracing.start_har(folder / "har.zip", content="attach")
    yield
    await page.context.tracing.stop_har()
    with zipfile.ZipFile(folder / "har.zip") as archive:
        seen.extend(archive.read(name).decode("latin1") for name in archive.namelist())


PAY = """async (number) => (await (await fetch("/pay", { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ card: { number } }) })).text())"""


@pytest.mark.parametrize("name", SPIES)
async def test_the_spy_sees_a_number_that_is_in_the_page(paying: Paying, name: str, tmp_path: Path) -> None:
    page = await paying.browser.open_shop("/")
    seen: Seen = []
    async with SPIES[name](page, seen, tmp_path):
        await page.evaluate(PAY, PAN)
    assert any(finds(PAN, text) for text in seen)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", SPIES)
async def test_the_spy_does_not_see_the_number_of_a_payment(paying: Paying, name: str, when: str, tmp_path: Path) -> None:
    seen: Seen = []
    if when == "before":
        page = await paying.browser.open_shop("/")
        async with SPIES[name](page, seen, tmp_path):
            await paying.arm(page)
            await page.evaluate(PAY, SURROGATE)
    else:
        page = await paying.armed()
        async with SPIES[name](page, seen, tmp_path):
            await page.evaluate(PAY, SURROGATE)
    # Older sessions sit nearer the network and see nothing of what is answered here; newer ones see the stand-in.
    assert [got.number for got in paying.merchant.paid] == ["real"]
    assert not any(finds(PAN, text) for text in seen)
