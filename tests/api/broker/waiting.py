"""A clock that the test owns, and waiting for what happens elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from broker.core.clock import SystemClock


class ManualClock:
    """A clock that a test moves; it starts at the real time so that certificates are valid."""

    def __init__(self) -> None:
        self.ms = SystemClock().now_ms()

    def now_ms(self) -> int:
        return self.ms

    def advance(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


async def eventually(happened: Callable[[], bool | Awaitable[bool]], seconds: float = 10) -> None:
    """Wait for something another task does, and fail when it does not happen."""
    async with asyncio.timeout(seconds):
        # What is waited for is behind a socket or in a database: there is no event object to wait on.
        while not (result if isinstance(result := happened(), bool) else await result):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
