"""One writer per database. Jobs that arrive together share one durable commit.

Jobs of an event loop run on the loop's own thread, a batch at a time: every statement takes
microseconds, less than handing the interpreter lock to another thread and back. Only what waits
for the disk, the commit, runs beside the loop, which gathers the next batch meanwhile. Those whom
a batch answered often ask again at once: the next one waits until they have.

A batch goes step by step: what its jobs prepare, what they write, and after the commit what they
finish. Side by side, equal work finds its code and data in the processor's caches.

A job runs inside its own savepoint: when it raises, only its own changes are undone and its caller
gets the exception. Callers resume after the commit that holds their job. If the commit itself
fails, every caller in the batch gets that error and nothing of the batch is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.pool import StaticPool

from broker.storage import schema
from broker.storage.damage import damage_named
from broker.storage.jobs import Call, JobCall, Steps, StepsCall, Transaction

_BATCH = 256  # jobs in one commit; keeps the first caller's wait bounded
_TURNS = 4  # of the loop: who is answered and asks again at once is heard, read and waiting after so many
_NONE: Mapping[int, schema.Migration] = {}
_BUSY_SECONDS = 5.0  # the CLI may write the same file for a moment


T = TypeVar("T")


class Database:
    """A SQLite file (WAL, ``synchronous=FULL``) with one writer and a few reader threads."""

    def __init__(
        self, path: Path, metadata: MetaData, version: int, migrations: Mapping[int, schema.Migration] = _NONE, readers: int = 2
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._local = threading.local()
        self._reader_engines: list[Engine] = []
        with damage_named(path):
            self._open_writer(metadata, version, migrations)
        self._glance = self._connect(read_only=True)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="db-read")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix=f"db-commit-{path.stem}")
        self._writing = threading.Lock()  # held from BEGIN to the end of COMMIT; the committing thread releases it
        self._waiting: list[Call] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # whose batches are under way

    def _connect(self, read_only: bool) -> sqlite3.Connection:
        # Autocommit at the driver: this module says BEGIN and COMMIT itself.
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -32768")  # KiB: the indexes that a redeem touches stay in memory
        return connection

    def _engine(self, read_only: bool) -> Engine:
        return create_engine("sqlite://", creator=lambda: self._connect(read_only), poolclass=StaticPool, isolation_level="AUTOCOMMIT")

    def _open_writer(self, metadata: MetaData, version: int, migrations: Mapping[int, schema.Migration]) -> None:
        self._writer_engine = self._engine(read_only=False)
        connection = self._writer_engine.connect()
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._path.chmod(0o600)
        schema.prepare(connection, driver, metadata, version, migrations, self._path)
        self._writer = Transaction(connection, driver)

    # -- callers ---------------------------------------------------------------------------

    async def write(self, job: Callable[[Transaction], T]) -> T:
        """Run `job` in the next batch; returns its result once it is durable."""
        caller: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._enqueue(JobCall(caller, job))
        return await caller

    async def write_in_steps(self, steps: Steps[T]) -> T:
        """`write` for hot paths: without a savepoint, and with what surrounds the transaction done for a batch at once."""
        caller: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._enqueue(StepsCall(caller, steps))
        return await caller

    def write_now(self, job: Callable[[Transaction], T]) -> T:
        """`write` for callers without an event loop (the CLI)."""
        raw = self._writer.raw
        with self._writing, damage_named(self._path):
            raw.execute("BEGIN IMMEDIATE")
            try:
                result = job(self._writer)
                raw.execute("COMMIT")
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
        return result

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a read-only `job` on a reader thread; sees everything committed before the call."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, job)

    def read_now(self, job: Callable[[Connection], T]) -> T:
        """`read` for callers without an event loop."""
        with damage_named(self._path):
            return self._readers.submit(self._read, job).result()

    def look(self, query: str, *values: object) -> tuple[object, ...] | None:
        """The first row of a query by key, at once: for what every message asks, the way to a reader thread would take longer."""
        row: tuple[object, ...] | None = self._glance.execute(query, values).fetchone()
        return row

    def close(self) -> None:
        """Finish the commit under way, then close every connection. Callers have ended by then."""
        self._disk.shutdown()
        self._readers.shutdown()
        self._writer.sql.close()
        self._glance.close()
        for engine in (self._writer_engine, *self._reader_engines):
            engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # -- batches ---------------------------------------------------------------------------

    def _enqueue(self, call: Call) -> None:
        loop = call.caller.get_loop()
        if self._loop is not None and self._loop is not loop and self._loop.is_closed():
            self._loop, self._waiting = None, []  # an earlier loop ended; nobody waits for its jobs
        self._waiting.append(call)
        if self._loop is None:
            self._loop = loop
            loop.call_soon(self._next_batch)  # after everybody who is ready now has asked

    def _next_batch(self) -> None:
        batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        loop = self._loop
        if not batch or loop is None:
            self._loop = None
            return
        for call in batch:
            call.prepare()
        self._writing.acquire()
        try:
            self._writer.raw.execute("BEGIN IMMEDIATE")
            for call in batch:
                call.run(self._writer)
        except BaseException as error:
            self._undo(batch, error)
            self._writing.release()
            self._answer(batch)
            return
        self._disk.submit(self._commit, batch, loop)

    def _commit(self, batch: list[Call], loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._writer.raw.execute("COMMIT")
        except BaseException as error:
            self._undo(batch, error)
        finally:
            self._writing.release()
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(self._answer, batch)

    def _undo(self, batch: list[Call], error: BaseException) -> None:
        if self._writer.raw.in_transaction:
            self._writer.raw.execute("ROLLBACK")
        for call in batch:
            call.failure = error

    def _answer(self, batch: list[Call]) -> None:
        for call in batch:
            call.answer()
        self._gather(len(self._waiting), _TURNS)

    def _gather(self, known: int, turns: int) -> None:
        """Begin the next batch once `turns` of the loop in a row brought nobody new: a commit costs as much for many as for few."""
        asked = len(self._waiting)
        if asked > known:
            turns = _TURNS
        if turns == 0 or asked >= _BATCH or self._loop is None:
            self._next_batch()
        else:
            self._loop.call_soon(self._gather, asked, turns - 1)

    # -- readers ---------------------------------------------------------------------------

    def _read(self, job: Callable[[Connection], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            engine = self._engine(read_only=True)
            self._reader_engines.append(engine)
            connection = self._local.connection = engine.connect()
        return job(connection)
