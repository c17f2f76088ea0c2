"""One writer thread per database. Jobs that arrive together share one durable commit.

A job runs inside its own savepoint: when it raises, only its own changes are undone and its caller
gets the exception. Callers resume after the commit that holds their job. If the commit itself
fails, every caller in the batch gets that error and nothing of the batch is kept.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.pool import StaticPool

from broker.storage import schema

_BATCH = 256  # jobs in one commit; keeps the first caller's wait bounded
_BUSY_SECONDS = 5.0  # the CLI may write the same file for a moment


@dataclass(slots=True)
class Transaction:
    """What a job works with: `sql` for ordinary statements, `raw` where every microsecond counts."""

    sql: Connection
    raw: sqlite3.Connection


T = TypeVar("T")
_Job = tuple[Callable[["Transaction"], Any], Future[Any]]


class Database:
    """A SQLite file (WAL, ``synchronous=FULL``) with one writer thread and a few readers."""

    def __init__(self, path: Path, metadata: MetaData, version: int, readers: int = 2) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._local = threading.local()
        self._reader_engines: list[Engine] = []
        self._open_writer(metadata, version)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="db-read")
        self._thread = threading.Thread(target=self._write_loop, name=f"db-write-{path.stem}", daemon=True)
        self._thread.start()

    def _engine(self, read_only: bool) -> Engine:
        def connect() -> sqlite3.Connection:
            # Autocommit at the driver: the writer thread says BEGIN and COMMIT itself.
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
            connection.execute("PRAGMA foreign_keys = ON")
            if read_only:
                connection.execute("PRAGMA query_only = ON")
            else:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            return connection

        return create_engine("sqlite://", creator=connect, poolclass=StaticPool, isolation_level="AUTOCOMMIT")

    def _open_writer(self, metadata: MetaData, version: int) -> None:
        self._writer_engine = self._engine(read_only=False)
        connection = self._writer_engine.connect()
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._path.chmod(0o600)
        schema.prepare(connection, driver, metadata, version)
        self._writer = Transaction(connection, driver)

    # -- callers ---------------------------------------------------------------------------

    async def write(self, job: Callable[[Transaction], T]) -> T:
        """Run `job` on the writer thread; returns its result once it is durable."""
        return await asyncio.wrap_future(self._submit(job))

    def write_now(self, job: Callable[[Transaction], T]) -> T:
        """`write` for callers without an event loop (the CLI)."""
        return self._submit(job).result()

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a read-only `job` on a reader thread; sees everything committed before the call."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, job)

    def read_now(self, job: Callable[[Connection], T]) -> T:
        """`read` for callers without an event loop."""
        return self._readers.submit(self._read, job).result()

    def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._queue.put(None)
        self._thread.join()
        self._readers.shutdown()
        self._writer.sql.close()
        for engine in (self._writer_engine, *self._reader_engines):
            engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # -- threads ---------------------------------------------------------------------------

    def _submit(self, job: Callable[[Transaction], T]) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put((job, future))
        return future

    def _read(self, job: Callable[[Connection], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            engine = self._engine(read_only=True)
            self._reader_engines.append(engine)
            connection = self._local.connection = engine.connect()
        return job(connection)

    def _write_loop(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            stop = False
            while len(batch) < _BATCH and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    stop = True
                    break
                batch.append(item)
            self._commit(batch)
            if stop:
                return

    def _commit(self, batch: list[_Job]) -> None:
        raw = self._writer.raw
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            raw.execute("BEGIN IMMEDIATE")
            answers = [self._run(job, future) for job, future in batch]
            raw.execute("COMMIT")
        except BaseException as error:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            answers = [(future, None, error) for _, future in batch]
        for future, result, failure in answers:
            if not future.set_running_or_notify_cancel():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    def _run(self, job: Callable[[Transaction], Any], future: Future[Any]) -> tuple[Future[Any], Any, BaseException | None]:
        raw = self._writer.raw
        raw.execute("SAVEPOINT job")
        try:
            result = job(self._writer)
        except Exception as error:
            raw.execute("ROLLBACK TO job")
            raw.execute("RELEASE job")
            return future, None, error
        raw.execute("RELEASE job")
        return future, result, None
