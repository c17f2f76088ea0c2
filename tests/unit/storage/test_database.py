"""The writer: durable, isolated by job, batched, and never half done."""

from __future__ import annotations

import asyncio
import sqlite3
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


async def test_jobs_that_wait_share_one_commit(database: Database) -> None:
    commits: list[str] = []

    def trace(tx: Transaction) -> None:
        tx.raw.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    await database.write(trace)
    commits.clear()
    await asyncio.gather(*(database.write(insert(n)) for n in range(50)))
    assert len(commits) == 1
    assert await numbers(database) == list(range(50))


async def test_what_arrives_during_a_commit_goes_into_the_next(database: Database) -> None:
    first = asyncio.ensure_future(database.write(insert(1)))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(database.write(insert(2)))
    assert list(await asyncio.gather(first, second)) == [1, 2]
    assert await numbers(database) == [1, 2]


async def test_an_unguarded_job_that_raises_fails_its_batch_and_no_other(database: Database) -> None:
    def broken(tx: Transaction) -> None:
        insert(1)(tx)
        raise RuntimeError("a defect")

    results = await asyncio.gather(database.write_unguarded(broken), database.write(insert(2)), return_exceptions=True)
    assert [type(r) for r in results] == [RuntimeError, RuntimeError]
    assert await database.write_unguarded(insert(3)) == 3
    assert await numbers(database) == [3]


async def test_a_writer_without_a_loop_waits_its_turn(database: Database) -> None:
    pending = [asyncio.ensure_future(database.write(insert(n))) for n in range(5)]
    beside = asyncio.create_task(asyncio.to_thread(database.write_now, insert(9)))
    await asyncio.gather(*pending, beside)
    assert await numbers(database) == [0, 1, 2, 3, 4, 9]


def test_a_failing_job_without_a_loop_leaves_nothing(database: Database) -> None:
    def broken(tx: Transaction) -> None:
        insert(1)(tx)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        database.write_now(broken)
    assert database.write_now(insert(2)) == 2
    assert asyncio.run(numbers(database)) == [2]


def test_a_loop_that_ended_in_the_middle_does_not_stop_the_next(database: Database) -> None:
    async def abandon() -> None:
        asyncio.ensure_future(database.write(insert(1)))  # noqa: RUF006  left behind on purpose
        await asyncio.sleep(0)

    async def go_on() -> int:
        return await asyncio.wait_for(database.write(insert(2)), 5)

    asyncio.run(abandon())
    assert asyncio.run(go_on()) == 2


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


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    Database(tmp_path / "x.db", METADATA, 2).close()
    with pytest.raises(SchemaTooNewError, match="schema 2"):
        Database(tmp_path / "x.db", METADATA, 1)


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Database(tmp_path / "x.db", METADATA, 1).close()
    assert (tmp_path / "x.db").stat().st_mode & 0o077 == 0
