"""Outcomes on their way to LedgerOS, and windows of which nothing came: in the background, repeated a bounded number of times."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

import structlog

from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.issuer_api import CloseWindow, ReportOutcome
from broker.releases.courier import Issuer
from broker.releases.endings import nothing_left
from broker.releases.store import ReleaseStore

_TOO_MANY = 429

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Word:
    """One outcome of a release, and the authorisation window that is to be closed with it; either may be missing."""

    release_id: str
    report: ReportOutcome | None
    closes: CloseWindow | None


class Reporter:
    """One task that sends reports in order. What it cannot deliver stays in the database for the next start."""

    def __init__(self, store: ReleaseStore, issuer: Issuer, pauses_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)) -> None:
        self._store = store
        self._issuer = issuer
        self._pauses = pauses_seconds
        self._queue: asyncio.Queue[_Word] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what an earlier run could not deliver, then work."""
        for report in await self._store.unreported():
            # How far its browser came is not known any more; the window of one that was never redeemed is not there: 404.
            void = nothing_left(report.outcome, may_hold_card=True)
            self.add(report, closes=CloseWindow(release_id=report.release_id) if void else None)
        self._task = asyncio.create_task(self._work(), name="reports")

    def add(self, report: ReportOutcome, closes: CloseWindow | None = None) -> None:
        """Send this when its turn comes, and close the window that `closes` names."""
        self._queue.put_nowait(_Word(report.release_id, report, closes))

    def take_back(self, release_id: str, opened: CloseWindow) -> None:
        """Close a window of which nothing can come any more, when its release was reported before anybody knew of it."""
        self._queue.put_nowait(_Word(release_id, None, opened))

    async def drained(self) -> None:
        """Wait until everything added so far was sent or given up."""
        await self._queue.join()

    async def close(self, seconds: float = 1.0) -> None:
        """Stop, after a last chance of `seconds` for what is queued."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self.drained(), seconds)
        except TimeoutError:
            _log.warning("reports left for the next start", count=self._queue.qsize() + 1)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            word = await self._queue.get()
            try:
                await self._deliver(word)
            except Exception:
                _log.exception("report failed", release=word.release_id)
            finally:
                self._queue.task_done()

    async def _deliver(self, word: _Word) -> None:
        for pause in (0.0, *self._pauses):
            await asyncio.sleep(pause)
            if await self._closed(word) and await self._reported(word):
                return
        _log.warning("report not delivered", release=word.release_id)

    async def _closed(self, word: _Word) -> bool:
        return word.closes is None or await self._settled(self._issuer.close_window(word.closes), word.release_id)

    async def _reported(self, word: _Word) -> bool:
        if word.report is None:
            return True
        if not await self._settled(self._issuer.report(word.report), word.release_id):
            return False
        await self._store.mark_reported(word.release_id)
        return True

    async def _settled(self, call: Awaitable[None], release_id: str) -> bool:
        try:
            await call
        except IssuerUnavailableError:
            return False
        except IssuerRefusedError as error:
            _log.warning("LedgerOS refused a report", release=release_id, status=error.status)
            return error.status != _TOO_MANY  # any other refusal would be the same next time
        return True
