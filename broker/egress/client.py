"""The broker's side of the socket: arm, send, disarm, and the truth when the egress dies in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from broker.core.errors import LedgerError
from broker.egress.frames import BadFrameError, frame, read_frame
from broker.egress.peer import peer_uid
from broker.protocol.egress import (
    Arm,
    Armed,
    AskCoverage,
    AskHealth,
    Chunk,
    Coverage,
    Disarm,
    Disarmed,
    EgressOutcome,
    End,
    Fault,
    FromEgress,
    Head,
    Health,
    Send,
    from_egress,
)  # fmt: skip
from broker.protocol.wire import Wire

_QUEUED = 8
_ANSWER_SECONDS = 10.0


class EgressClient:
    """One connection to the egress. Use `connect`; not safe for several event loops."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[str, asyncio.Queue[FromEgress | None]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._lost = False
        self._pump = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, socket: Path, egress_uid: int) -> Self:
        """Connect to the egress that runs as `egress_uid`; raises `LedgerError` 503 when it is not there or is another user's."""
        try:
            reader, writer = await asyncio.open_unix_connection(socket)
        except OSError:
            raise _offline() from None
        if peer_uid(writer.transport) != egress_uid:
            writer.close()
            raise LedgerError(503, "egress_untrusted", "What answers at the egress's socket runs as another user.", "Run: ledgeros doctor")
        return cls(reader, writer)

    async def health(self) -> Health:
        """Which egress this is; raises `LedgerError` 503 when it is gone."""
        answer = await self._ask("health", AskHealth())
        assert isinstance(answer, Health)
        return answer

    async def coverage(self, message: AskCoverage) -> Coverage:
        """Whether the registry covers a checkout; raises `LedgerError` 503 when the egress is gone."""
        answer = await self._ask(f"coverage {message.request_id}", message)
        assert isinstance(answer, Coverage)
        return answer

    async def arm(self, message: Arm) -> Armed | Fault:
        """Hand over sealed credentials; raises `LedgerError` 503 when the egress is gone."""
        answer = await self._ask(f"release {message.decision.release_id}", message)
        assert isinstance(answer, Armed | Fault)
        return answer

    async def disarm(self, release_id: str) -> bool:
        """Whether there was something to forget; raises `LedgerError` 503 when the egress is gone."""
        answer = await self._ask(f"release {release_id}", Disarm(release_id=release_id))
        return isinstance(answer, Disarmed) and answer.was_armed

    async def send(self, message: Send) -> AsyncGenerator[Head | Chunk | End, None]:
        """The answer to a paused request. The last item is always `End`.

        When the egress dies, or cannot be reached any more, that is `may_have_been_charged`: nobody
        can tell then whether the request had left.
        """
        name = f"request {message.request_id}"
        with self._listening(name) as queue:
            if not await self._write(message):
                yield _lost(message)
                return
            while True:
                item = await queue.get()
                if not isinstance(item, Head | Chunk | End):
                    yield _lost(message)
                    return
                yield item
                if isinstance(item, End):
                    return

    async def close(self) -> None:
        """Close the connection; the egress forgets what was armed on it."""
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _ask(self, name: str, message: Wire) -> FromEgress:
        async with self._one_at_a_time:
            with self._listening(name) as queue:
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        answer = await queue.get() if await self._write(message) else None
                except TimeoutError:
                    answer = None
        if answer is None:
            raise _offline()
        return answer

    async def lost(self) -> None:
        """Wait until the egress is gone."""
        await asyncio.wait({self._pump})

    @contextlib.contextmanager
    def _listening(self, name: str) -> Iterator[asyncio.Queue[FromEgress | None]]:
        queue: asyncio.Queue[FromEgress | None] = asyncio.Queue(_QUEUED)
        self._waiting[name] = queue
        try:
            yield queue
        finally:
            del self._waiting[name]
            while not queue.empty():  # the reader may be waiting for room in a queue that nobody reads any more
                queue.get_nowait()

    async def _write(self, message: Wire) -> bool:
        if self._lost:
            return False
        try:
            self._writer.write(frame(message))
            await self._writer.drain()
        except ConnectionError:
            return False
        return True

    async def _read(self) -> None:
        try:
            while (data := await read_frame(self._reader)) is not None:
                message = from_egress.validate_python(data)
                queue = self._waiting.get(_name(message))
                if queue is not None:
                    await queue.put(message)
        except (BadFrameError, ConnectionError, ValidationError):
            pass  # an egress that does not speak the protocol is as good as gone
        finally:
            self._lost = True
            for queue in self._waiting.values():
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(None)


def _name(message: FromEgress) -> str:
    if isinstance(message, Head | Chunk | End):
        return f"request {message.request_id}"
    if isinstance(message, Coverage):
        return f"coverage {message.request_id}"
    return "health" if isinstance(message, Health) else f"release {message.release_id}"


def _lost(message: Send) -> End:
    return End(request_id=message.request_id, outcome=EgressOutcome.MAY_HAVE_BEEN_CHARGED, may_have_been_charged=True)


def _offline() -> LedgerError:
    return LedgerError(503, "egress_offline", "The egress is not running.", "Start it, or pay in direct mode.")
