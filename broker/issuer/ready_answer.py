"""An answer that is bytes already, for the brokers' listener: head and body leave in one write.

In: the JSON of a 200. Out: what `aiohttp` sends for it. `web.Response` makes its headers anew each time, in a dictionary that it
then writes out; that costs a redeem as much as its database does.
"""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from broker.issuer.http import API_HEADERS

_HEADERS = {**API_HEADERS, "Content-Type": "application/json; charset=utf-8"}
_HEAD = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())


class ReadyAnswer(web.StreamResponse):
    """A 200 with `json` as its body; `second` is the Unix time it is dated with."""

    def __init__(self, json: bytes, second: int) -> None:
        super().__init__()
        self._json = json
        self._second = second
        self._stays = False

    @property
    def keep_alive(self) -> bool:
        """Whether the connection serves further requests; known once the answer is sent."""
        return self._stays

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything; raises ``ConnectionResetError`` when nobody is there any more."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the broker went away")
        self._stays = bool(request.keep_alive)
        transport.write(_head(self._second, self._stays) + b"%d\r\n\r\n" % len(self._json) + self._json)
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to send."""


@lru_cache(maxsize=4)
def _head(second: int, stays: bool) -> bytes:
    """Everything before the length; the same for all answers of a second."""
    connection = "" if stays else "Connection: close\r\n"
    return f"{_HEAD}Date: {formatdate(second, usegmt=True)}\r\n{connection}Content-Length: ".encode("ascii")
