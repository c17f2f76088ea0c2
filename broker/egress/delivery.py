"""Handing an answer to the broker: in one message where it is small and comes at once, else as it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from broker.core.canonical import b64u
from broker.protocol.egress import CHUNK, Chunk, Head, WholeAnswer
from broker.protocol.wire import Wire

Emit = Callable[[Wire], Awaitable[None]]

_PATIENCE_SECONDS = 0.05


class Delivery:
    """One scrubbed answer on its way: its head, then `add` for each piece of its body, and `whole` at its end."""

    def __init__(self, head: Head, emit: Emit) -> None:
        self._head = head
        self._emit = emit
        self._held = bytearray()
        self._holds = True

    @property
    def patience(self) -> float | None:
        """Seconds to wait for more of it before `hand_on`; None for as long as it takes."""
        return _PATIENCE_SECONDS if self._holds else None

    async def add(self, data: bytes) -> None:
        """The next bytes of the body."""
        self._held += data
        if not self._holds or len(self._held) > CHUNK:
            await self.hand_on()

    async def hand_on(self) -> None:
        """Emit what is held; what comes after goes as it comes."""
        if self._holds:
            self._holds = False
            await self._emit(self._head)
        if self._held:
            data, self._held = self._held, bytearray()
            await self._emit(Chunk(request_id=self._head.request_id, data=b64u(bytes(data))))

    def whole(self) -> WholeAnswer | None:
        """All of it, or None when it was handed on."""
        if not self._holds:
            return None
        return WholeAnswer(status=self._head.status, reason=self._head.reason, headers=self._head.headers, data=b64u(bytes(self._held)))
