"""The broker's connections: who may connect, one frame at a time, every request in a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine

import structlog
from pydantic import ValidationError

from broker.core.canonical import b64u
from broker.egress.ahead import Ahead
from broker.egress.armoury import Armoury, NotArmedError
from broker.egress.frames import BadFrameError, frame, read_frame
from broker.egress.peer import peer_uid
from broker.egress.registry import Registry
from broker.egress.resend import Resender
from broker.egress.taught import taught_by
from broker.protocol.egress import (
    EGRESS_VERSION,
    Arm,
    Armed,
    AskCoverage,
    AskHealth,
    Coverage,
    Disarm,
    Disarmed,
    Fault,
    Health,
    ToEgress,
    to_egress,
)
from broker.protocol.processors import EncryptingFrames
from broker.protocol.sealing import key_id
from broker.protocol.wire import Wire

_MOST_AT_ONCE = 64

log = structlog.get_logger("egress")


class Server:
    """Answers one broker; `public_key` is the raw X25519 key that credentials are sealed to."""

    def __init__(self, resender: Resender, armoury: Armoury, registry: Registry, public_key: bytes, broker_uid: int) -> None:
        self._resender = resender
        self._armoury = armoury
        self._registry = registry
        self._ahead = Ahead(resender.session, registry, resender.authoriser.sandbox)
        self._public_key = public_key
        self._broker_uid = broker_uid
        self._open: dict[asyncio.Future[None], _Connection] = {}

    async def close(self) -> None:
        """End every connection and wait until what they armed is forgotten."""
        for connection in self._open.values():
            connection.hang_up()
        await asyncio.gather(*self._open)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it closes. What it armed is forgotten with it."""
        connection, done = _Connection(writer), asyncio.get_running_loop().create_future()
        self._open[done] = connection
        try:
            if peer_uid(writer.transport) != self._broker_uid:
                log.warning("refused a process of another user")
                return
            while (message := await read_frame(reader)) is not None:
                await self._dispatch(message, connection)
        except (BadFrameError, ConnectionError):
            log.warning("the connection broke")
        finally:
            await connection.close()
            self._armoury.disarm_all(connection)
            del self._open[done]
            done.set_result(None)

    async def _dispatch(self, message: object, connection: _Connection) -> None:
        try:
            parsed = to_egress.validate_python(message)
        except ValidationError:
            await connection.emit(Fault(code="malformed", message="The message is not one this egress knows."))
            return
        answer = self._answer(parsed, connection)
        if answer is not None:
            await connection.emit(answer)

    def _answer(self, message: ToEgress, connection: _Connection) -> Wire | None:
        if isinstance(message, Arm):
            return self._arm(message, connection)
        if isinstance(message, Disarm):
            return Disarmed(release_id=message.release_id, was_armed=self._armoury.disarm(message.release_id))
        if isinstance(message, AskHealth):
            return self._health()
        if isinstance(message, AskCoverage):
            return self._coverage(message)
        if not connection.start(self._resender.handle(message, connection.emit)):
            return Fault(code="busy", message="Too many requests at once.", release_id=message.release_id)
        return None

    def _arm(self, message: Arm, connection: _Connection) -> Wire:
        try:
            release = self._armoury.arm(message, connection)
        except NotArmedError as error:
            log.warning("not armed", release=message.decision.release_id, code=error.fault.code)
            return error.fault
        connection.start(self._ahead.connect(release.decision.seen))
        return Armed(release_id=release.decision.release_id, expires_at=release.expires_at)

    def _coverage(self, ask: AskCoverage) -> Coverage:
        entries = self._registry.about(ask.origin, ask.frame_origins)
        encrypted = any(isinstance(entry, EncryptingFrames) for entry in entries)
        return Coverage(
            request_id=ask.request_id,
            verdict="client_side_encrypted" if encrypted else "covered" if entries else "unknown",
            names=tuple(dict.fromkeys(entry.name for entry in entries)),
            key_id=key_id(self._public_key),
            taught=taught_by(entries),
        )

    def _health(self) -> Health:
        return Health(
            version=EGRESS_VERSION,
            public_key=b64u(self._public_key),
            key_id=key_id(self._public_key),
            sandbox=self._resender.authoriser.sandbox,
            entries=self._registry.ids(),
            armed=len(self._armoury),
        )


class _Connection:
    """Writes frames one after the other and keeps the tasks that write them."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._tasks: set[asyncio.Task[None]] = set()

    async def emit(self, message: Wire) -> None:
        self._writer.write(frame(message))
        # Waiting here is what keeps memory constant when the browser reads slowly.
        await self._writer.drain()

    def start(self, work: Coroutine[None, None, None]) -> bool:
        if len(self._tasks) >= _MOST_AT_ONCE:
            work.close()
            return False
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _run(self, work: Coroutine[None, None, None]) -> None:
        with contextlib.suppress(ConnectionError):  # the broker is gone: the reader notices too
            await work

    def hang_up(self) -> None:
        self._writer.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
