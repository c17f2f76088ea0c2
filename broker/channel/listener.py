"""The listener: who may knock, who is connected, and the way to them."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Sequence

import structlog

from broker.channel.connection import Connection
from broker.channel.framing import MalformedError, encode
from broker.channel.handlers import Handlers
from broker.channel.limits import ChannelLimits
from broker.channel.opening import Doorkeeper, OpeningRefusedError
from broker.channel.session import SessionError
from broker.pki.identity import WrongPeerError, peer_id
from broker.protocol.channel import Approve, Deny, Ready, Result, Shown, Status, Stop
from broker.protocol.wire import Wire

_log = structlog.get_logger(__name__)
_GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)


class ChannelServer:
    """All connections of browsers. It is the `Courier` of `releases`.

    At most one connection per browser: a new one takes the place of the old.
    """

    def __init__(self, doorkeeper: Doorkeeper, limits: ChannelLimits | None = None) -> None:
        self._doorkeeper = doorkeeper
        self._limits = limits or ChannelLimits()
        self._connections: dict[str, Connection] = {}
        self._knocking = 0
        self._order = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._handlers: Handlers | None = None
        self._status = Status(issuer_reachable=False, enrolled=False, organisation_name=None)

    async def start(self, host: str, port: int, context: ssl.SSLContext, handlers: Handlers) -> int:
        """Listen; returns the port (a free one when `port` is 0)."""
        self._handlers = handlers
        self._server = await asyncio.start_server(
            self._accept, host, port, ssl=context, ssl_handshake_timeout=self._limits.opening_seconds, ssl_shutdown_timeout=1.0
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            connection.writer.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- Courier ---------------------------------------------------------------------------

    async def connected(self) -> Sequence[str]:
        """Paired browsers that can be reached, the most recently active first."""
        recent = sorted(self._connections.values(), key=lambda connection: connection.active_at, reverse=True)
        return [connection.device_id for connection in recent if self._still_paired(connection)]

    async def send(self, device_id: str, message: Wire) -> bool:
        """Hand `message` to a browser; False when it is not connected or not paired any more."""
        connection = self._connections.get(device_id)
        if connection is None or not self._still_paired(connection):
            return False
        return await connection.send(message)

    async def stream(self, device_id: str, message: Wire) -> bool:
        """The next part of an answer: the browser was looked up when it asked, and is again when it says the next thing."""
        connection = self._connections.get(device_id)
        return connection is not None and await connection.send(message)

    async def status_changed(self, status: Status) -> None:
        """Tell every browser."""
        self._status = status
        for connection in list(self._connections.values()):
            await connection.send(status)

    def _still_paired(self, connection: Connection) -> bool:
        if self._doorkeeper.devices.is_paired(connection.device_id):
            return True
        connection.abort()
        return False

    # -- connections -----------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            connection = await self._open(reader, writer)
            if connection is not None:
                await self._converse(connection)
        except Exception:
            _log.exception("a channel connection failed")
        finally:
            writer.close()

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Connection | None:
        if self._knocking >= self._limits.unauthenticated:
            _log.warning("too many connections knock at the channel")
            return None
        self._knocking += 1
        try:
            peer_id(writer.transport, "host")
            async with asyncio.timeout(self._limits.opening_seconds):
                opened = await self._doorkeeper.open(reader, writer)
        except WrongPeerError:
            _log.warning("a certificate that is not a native messaging host's knocked at the channel")
            return None
        except OpeningRefusedError as refusal:
            _log.info("opening refused", answer=str(refusal))
            await self._last_word(writer, refusal.answer)
            return None
        except _GONE:
            return None
        finally:
            self._knocking -= 1
        return Connection(opened, reader, writer, self._limits, active_at=next(self._order))

    async def _last_word(self, writer: asyncio.StreamWriter, answer: Wire) -> None:
        writer.write(encode(answer))
        try:
            await asyncio.wait_for(writer.drain(), self._limits.write_seconds)
        except _GONE:
            writer.transport.abort()

    async def _converse(self, connection: Connection) -> None:
        handlers = self._handlers
        assert handlers is not None
        device_id = connection.device_id
        if old := self._connections.get(device_id):
            old.abort()
        self._connections[device_id] = connection
        await self._doorkeeper.devices.seen(device_id)
        try:
            await connection.send(self._status)
            await handlers.desk.browser_connected(device_id)
            await self._listen(connection, handlers)
        except (MalformedError, SessionError) as error:
            _log.warning("a browser broke the protocol", device=device_id, reason=str(error))
        except _GONE:
            pass
        finally:
            if self._connections.get(device_id) is connection:
                del self._connections[device_id]
                await handlers.desk.browser_disconnected(device_id)

    async def _listen(self, connection: Connection, handlers: Handlers) -> None:
        while True:
            message = await connection.receive()
            if not self._still_paired(connection):
                _log.warning("a revoked browser was disconnected", device=connection.device_id)
                return
            if isinstance(message, Shown | Approve | Deny | Stop | Ready | Result):
                connection.active_at = next(self._order)
            if answer := await handlers.handle(connection.device_id, message):
                await connection.send(answer)
