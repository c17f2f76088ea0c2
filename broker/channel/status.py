"""Whether LedgerOS is there and knows this broker: asked now and then, told to browsers when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.channel import Status
from broker.protocol.issuer_api import Health, TokenAlarm

_log = structlog.get_logger(__name__)


class HealthSource(Protocol):
    """LedgerOS, as far as its health goes."""

    async def health(self) -> Health:
        """Is it there, and does it know us?"""
        ...


class StatusWatch:
    """The last known `Status`; `changed` is called with every new one, `own_alarm` asked for the broker's newest each time."""

    def __init__(
        self, issuer: HealthSource, changed: Callable[[Status], Awaitable[None]], own_alarm: Callable[[], TokenAlarm | None]
    ) -> None:
        self._issuer = issuer
        self._changed = changed
        self._own_alarm = own_alarm
        self._task: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._wanted = False
        self._turn = asyncio.Lock()
        self.current = Status(issuer_reachable=False, enrolled=False, organisation_name=None)

    async def refresh(self) -> Status:
        """Ask LedgerOS now."""
        async with self._turn:  # an older answer never replaces a newer one
            said = await self._ask()
            before, self.current = self.current, said.model_copy(update={"own_alarm": self._own_alarm()})
            if self.current != before:
                await self._changed(self.current)
            return self.current

    def start(self, every_seconds: float) -> None:
        """Ask now and then from here on."""
        self._task = asyncio.create_task(self._watch(every_seconds), name="status")

    def soon(self) -> None:
        """Ask in the background: there is something new to say. Many calls at once ask once more."""
        self._wanted = True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._catch_up(), name="status-soon")

    async def close(self) -> None:
        """Stop asking."""
        tasks = [task for task in (self._task, self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, every_seconds: float) -> None:
        while True:
            await self._look()
            await asyncio.sleep(every_seconds)

    async def _catch_up(self) -> None:
        while self._wanted:
            self._wanted = False
            await self._look()

    async def _look(self) -> None:
        try:
            await self.refresh()
        except Exception:
            _log.exception("status failed")

    async def _ask(self) -> Status:
        try:
            health = await self._issuer.health()
        except IssuerUnavailableError:
            return self.current.model_copy(update={"issuer_reachable": False})
        except IssuerRefusedError:
            # It answers, and refuses to talk to us: for the person that means "enrol this broker".
            return Status(issuer_reachable=True, enrolled=False, organisation_name=None)
        return Status(issuer_reachable=True, enrolled=health.enrolled, organisation_name=health.organisation_name, alarm=health.alarm)
