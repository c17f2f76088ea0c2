"""The writer: durable, isolated by job, batched, and never half done."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select

from broker.storage import Database, SchemaTooNewError, Transaction

METADATA = MetaData()
NUMBERS = Table("numbers", METADATA, Column("n", Integer, primary_key=True))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "x.db", METADATA, 1) as database:
        yield database


def insert(n: int):
    def job(tx: Transaction) -> int:
        tx.sql.execute(NUMBERS.insert().values(n=n))
        return n

    return job


async def numbers(database: Database) -> list[int]:
    return await database.read(lambda sql: list(sql.execute(select(NUMBERS.c.n).order_by(NUMBERS.c.n)).scalars()))


async def test_a_write_is_there_for_the_next_read(database: Database) -> None:
    assert await database.write(insert(7)) == 7
    assert await numbers(database) == [7]


async def test_a_failing_job_takes_only_itself_back(database: Database) -> None:
    def half_done(tx: Transaction) -> None:
        insert(2)(tx)
        raise RuntimeError("stop")

    results = await asyncio.gather(database.write(insert(1)), database.write(half_done), database.write(insert(3)), return_exceptions=True)
    assert [type(r) for r in results] == [int, RuntimeError, int]
    assert await numbers(database) == [1, 3]


async def test_jobs_that_wait_share_one_commit(database: Database, tmp_path: Path) -> None:
    commits: list[str] = []
    gate = threading.Event()

    def trace(tx: Transaction) -> None:
        tx.raw.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    await database.write(trace)
    commits.clear()
    blocker = asyncio.create_task(database.write(lambda tx: gate.wait(5)))
    await asyncio.sleep(0.05)
    rest = [asyncio.create_task(database.write(insert(n))) for n in range(50)]
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(blocker, *rest)
    assert len(commits) == 2


async def test_a_failing_commit_fails_every_caller_and_keeps_nothing(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    await database.write(lambda tx: tx.raw.execute("PRAGMA busy_timeout = 1"))
    other.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(database.write(insert(1)), database.write(insert(2)), return_exceptions=True)
    other.execute("ROLLBACK")
    other.close()
    assert all(isinstance(r, sqlite3.OperationalError) for r in results)
    assert await numbers(database) == []
    assert await database.write(insert(3)) == 3


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="readonly"):
        await database.read(lambda sql: sql.execute(NUMBERS.insert().values(n=1)))


def test_work_queued_before_close_is_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", METADATA, 1)
    futures = [database._submit(insert(n)) for n in range(20)]
    database.close()
    assert [f.result() for f in futures] == list(range(20))


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    Database(tmp_path / "x.db", METADATA, 2).close()
    with pytest.raises(SchemaTooNewError, match="schema 2"):
        Database(tmp_path / "x.db", METADATA, 1)


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Database(tmp_path / "x.db", METADATA, 1).close()
    assert (tmp_path / "x.db").stat().st_mode & 0o077 == 0
