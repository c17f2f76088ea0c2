"""All that an agent at the browser's DevTools can read of a checkout: every frame's fields and markup, requests, answers."""

from __future__ import annotations

import asyncio

from playwright.async_api import BrowserContext, Error, Page, Request, Response

_FIELDS = "() => [...document.querySelectorAll('input, select, textarea')].map((field) => field.value).join(' ')"


class Witness:
    """Watches one browser context from now on."""

    def __init__(self, context: BrowserContext) -> None:
        self._seen: list[str] = []
        self._reading: set[asyncio.Task[None]] = set()
        context.on("request", self._request)
        context.on("response", self._response)

    async def held(self, page: Page) -> str:
        """What `page` holds now, and all that went over the wire since the last look."""
        await asyncio.gather(*self._reading)
        wire, self._seen = self._seen, []
        frames = [text for frame in page.frames for text in (await frame.evaluate(_FIELDS), await frame.content())]
        return "\n".join([*wire, *frames, await page.locator("body").aria_snapshot()])

    def _request(self, request: Request) -> None:
        body = (request.post_data_buffer or b"").decode("utf-8", "replace")
        self._seen.append(f"{request.method} {request.url} {request.headers} {body}")

    def _response(self, response: Response) -> None:
        task = asyncio.create_task(self._read(response))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, response: Response) -> None:
        try:
            body = (await response.body()).decode("utf-8", "replace")
        except Error:  # a redirect has none, and one that was navigated away from is gone
            body = ""
        self._seen.append(f"{response.status} {response.url} {response.headers} {body}")
