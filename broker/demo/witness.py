"""All that an agent at the browser's DevTools can read of a checkout: every frame's fields and markup, requests, answers."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Error, Page, Request, Response

_FIELDS = "() => [...document.querySelectorAll('input, select, textarea')].map((field) => field.value).join('\\n')"
_MOST_BODY = 4_000_000


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """What was read in one look. `sent` are requests with a body, each with its address; `page` is what the frames hold."""

    page: str
    sent: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([*self.others, *self.sent, *self.answers, self.page])


class Witness:
    """Watches one browser context from now on."""

    def __init__(self, context: BrowserContext) -> None:
        self._wire = Reading("")
        self._reading: set[asyncio.Task[None]] = set()
        context.on("request", self._request)
        context.on("response", self._response)

    async def listen(self, page: Page) -> None:
        """Also by a session of the page itself, which shows bodies that Playwright does not: those with files in them."""
        session = await page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", lambda event: self._later(self._body(session, event)))
        await session.send("Network.enable", {"maxPostDataSize": _MOST_BODY})

    async def look(self, page: Page) -> Reading:
        """What `page` holds now, and all that went over the wire since the last look."""
        await asyncio.gather(*self._reading)
        wire, self._wire = self._wire, Reading("")
        frames = [text for frame in page.frames for text in (await frame.evaluate(_FIELDS), await frame.content())]
        held = "\n".join([*frames, await page.locator("body").aria_snapshot()])
        return Reading(held, wire.sent, wire.answers, wire.others)

    def _request(self, request: Request) -> None:
        body = (request.post_data_buffer or b"").decode("utf-8", "replace")
        (self._wire.sent if body else self._wire.others).append(f"{request.method} {request.url} {request.headers} {body}")

    def _response(self, response: Response) -> None:
        self._later(self._read(response))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _body(self, session: CDPSession, event: dict[str, Any]) -> None:
        request = event["request"]
        if not request.get("hasPostData"):
            return
        try:
            answer = await session.send("Network.getRequestPostData", {"requestId": event["requestId"]})
        except Error:  # the page was left
            return
        data = base64.b64decode(answer["postData"]).decode("utf-8", "replace") if answer.get("base64Encoded") else answer["postData"]
        self._wire.sent.append(f"{request['method']} {request['url']} {request['headers']} {data}")

    async def _read(self, response: Response) -> None:
        try:
            body = (await response.body()).decode("utf-8", "replace")
        except Error:  # a redirect has none, and one that was navigated away from is gone
            body = ""
        self._wire.answers.append(f"{response.status} {response.url} {response.headers} {body}")
