"""One page over the DevTools protocol, without Playwright.

An action popup is a target that Playwright does not list, so the person's eyes and hand reach it
here: evaluate, screenshot, a real mouse click, and the virtual authenticator.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from broker.core.errors import LedgerError

_ANSWER_SECONDS = 30.0
_BOX = """(() => {{
  const {{x, y, width, height}} = document.querySelector({selector!r}).getBoundingClientRect();
  return {{x, y, width, height}};
}})()"""


async def page_targets(port: int) -> list[dict[str, Any]]:
    """The page targets of the browser that listens on `port`."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        return [target for target in await answer.json(content_type=None) if target["type"] == "page"]


class DevToolsPage:
    """A connection to one target; use as an asynchronous context manager."""

    def __init__(self, websocket_url: str) -> None:
        self._url = websocket_url
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(self._url, max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._reader.cancel()
        await self._socket.close()
        await self._session.close()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            answer = message.json()
            future = self._waiting.pop(answer.get("id", -1), None)
            if future is not None and not future.done():
                future.set_result(answer)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the page was closed"))

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result; ``ConnectionError`` when the page is gone."""
        if self._socket.closed:
            raise ConnectionError("the page was closed")
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        answer = await asyncio.wait_for(future, _ANSWER_SECONDS)
        if "error" in answer:
            raise LedgerError(500, "devtools", f"The browser refused {method}: {answer['error'].get('message')}.")
        result: dict[str, Any] = answer["result"]
        return result

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return result["result"].get("value")

    async def wait_for(self, expression: str, seconds: float, what: str) -> Any:
        """Wait until `expression` is truthy; a `LedgerError` that says `what` was missing."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (value := await self.evaluate(expression)):
            if asyncio.get_running_loop().time() > deadline:
                raise LedgerError(500, "page", f"The page did not show {what}.")
            await asyncio.sleep(0.05)
        return value

    async def click(self, x: float, y: float) -> None:
        """A trusted left click at CSS pixel coordinates."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            pressed = kind != "mouseMoved"
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if pressed else "none", clickCount=int(pressed))

    async def wait_until_closed(self, seconds: float) -> None:
        """Wait until the page is gone; ``TimeoutError`` when it stays."""
        await asyncio.wait_for(asyncio.shield(self._reader), seconds)

    async def screenshot(self, path: Path, selector: str) -> None:
        """A PNG of the element that `selector` finds, once nothing in the page moves any more."""
        await self.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished)).then(() => true)")
        box = await self.evaluate(_BOX.format(selector=selector))
        clip = {**box, "scale": 1}
        result = await self.call("Page.captureScreenshot", format="png", clip=clip)
        path.write_bytes(base64.b64decode(result["data"]))
