"""The broker's hold on the egress: one connection, made again whenever it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import structlog

from broker.core.errors import LedgerError
from broker.egress.client import EgressClient
from broker.protocol.egress import EGRESS_VERSION, Arm, Armed, AskCoverage, Chunk, Coverage, End, Fault, Head, Health, Send

Changed = Callable[[Health | None], Awaitable[None]]

_PAUSES_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0)

_log = structlog.get_logger(__name__)


class EgressLink:
    """The egress at `socket`, which must run as `egress_uid`. `health` is None while it is not there."""

    def __init__(self, socket: Path, egress_uid: int) -> None:
        self._socket = socket
        self._uid = egress_uid
        self._changed: Changed = _nobody
        self._client: EgressClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._numbers = itertools.count(1)
        self.health: Health | None = None

    def start(self, changed: Changed) -> None:
        """Connect, and stay connected; `changed` is told of every change."""
        self._changed = changed
        self._task = asyncio.create_task(self._keep(), name="egress")

    async def close(self) -> None:
        """Let go: the egress forgets what was armed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        client, self._client, self.health = self._client, None, None
        if client is not None:
            await client.close()

    # -- what releases and browsers ask ----------------------------------------------------

    async def coverage(self, ask: AskCoverage) -> Coverage:
        """What the registry says about a checkout; ``egress_unavailable`` when nobody can be asked."""
        mine = ask.model_copy(update={"request_id": self._number()})
        try:
            client = await self._connected()
            return (await client.coverage(mine)).model_copy(update={"request_id": ask.request_id})
        except LedgerError:
            return Coverage(request_id=ask.request_id, verdict="egress_unavailable")

    async def arm(self, message: Arm) -> Armed | Fault:
        """As `EgressClient.arm`."""
        return await self._current().arm(message)

    async def disarm(self, release_id: str) -> None:
        """Have a release forgotten; an egress that is gone has forgotten it already."""
        with contextlib.suppress(LedgerError):
            await self._current().disarm(release_id)

    async def send(self, message: Send) -> AsyncGenerator[Head | Chunk | End, None]:
        """As `EgressClient.send`; raises `LedgerError` 503 before the first item when nothing was sent."""
        # Browsers number their requests themselves: two of them may choose the same id.
        mine = message.model_copy(update={"request_id": self._number()})
        async with contextlib.aclosing(self._current().send(mine)) as answers:
            async for item in answers:
                yield item.model_copy(update={"request_id": message.request_id})

    def _number(self) -> str:
        return f"b{next(self._numbers)}"

    def _current(self) -> EgressClient:
        if self._client is None:
            raise LedgerError(503, "egress_offline", "The egress is not running.", "Start it: ledgeros up")
        return self._client

    # -- the connection --------------------------------------------------------------------

    async def _keep(self) -> None:
        pauses = iter(_PAUSES_SECONDS)
        warned = False
        while True:
            try:
                client = await self._connected()
            except LedgerError as error:
                if error.code != "egress_offline" and not warned:
                    _log.warning("the egress cannot be used", reason=error.message)
                    warned = True
                await asyncio.sleep(next(pauses, _PAUSES_SECONDS[-1]))
                continue
            pauses, warned = iter(_PAUSES_SECONDS), False
            await client.lost()
            await self._forget(client)

    async def _connected(self) -> EgressClient:
        """The connection, made when there is none; raises `LedgerError` 503."""
        async with self._turn:
            if self._client is None:
                self._client, self.health = await self._connect()
                await self._changed(self.health)
            return self._client

    async def _connect(self) -> tuple[EgressClient, Health]:
        client = await EgressClient.connect(self._socket, self._uid)
        try:
            health = await client.health()
            if health.version != EGRESS_VERSION:
                hint = "Restart both from one installation: ledgeros up"
                raise LedgerError(503, "egress_version", "The egress speaks another version of the protocol.", hint)
        except BaseException:
            await client.close()
            raise
        return client, health

    async def _forget(self, client: EgressClient) -> None:
        # Inside the turn: nobody connects again before everybody knows that what was armed is lost.
        async with self._turn:
            self._client, self.health = None, None
            await client.close()
            await self._changed(None)


async def _nobody(health: Health | None) -> None:
    """Before `start` there is nobody to tell."""
