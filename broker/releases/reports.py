"""Outcomes on their way to LedgerOS: in the background, repeated a bounded number of times."""

from __future__ import annotations

import asyncio

import structlog

from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.issuer_api import ReportOutcome
from broker.releases.courier import Issuer
from broker.releases.store import ReleaseStore

_TOO_MANY = 429

_log = structlog.get_logger(__name__)


class Reporter:
    """One task that sends reports in order. What it cannot deliver stays in the database for the next start."""

    def __init__(self, store: ReleaseStore, issuer: Issuer, pauses_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)) -> None:
        self._store = store
        self._issuer = issuer
        self._pauses = pauses_seconds
        self._queue: asyncio.Queue[ReportOutcome] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what an earlier run could not deliver, then work."""
        for report in await self._store.unreported():
            self._queue.put_nowait(report)
        self._task = asyncio.create_task(self._work(), name="reports")

    def add(self, report: ReportOutcome) -> None:
        """Send this when its turn comes."""
        self._queue.put_nowait(report)

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
            report = await self._queue.get()
            try:
                await self._deliver(report)
            except Exception:
                _log.exception("report failed", release=report.release_id)
            finally:
                self._queue.task_done()

    async def _deliver(self, report: ReportOutcome) -> None:
        for pause in (0.0, *self._pauses):
            await asyncio.sleep(pause)
            if await self._settled(report):
                await self._store.mark_reported(report.release_id)
                return
        _log.warning("report not delivered", release=report.release_id)

    async def _settled(self, report: ReportOutcome) -> bool:
        try:
            await self._issuer.report(report)
        except IssuerUnavailableError:
            return False
        except IssuerRefusedError as error:
            _log.warning("LedgerOS refused a report", release=report.release_id, status=error.status)
            return error.status != _TOO_MANY  # any other refusal would be the same next time
        return True
