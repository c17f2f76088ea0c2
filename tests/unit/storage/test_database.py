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


async def test_callers_who_ask_again_at_once_share_the_next_commit(database: Database) -> None:
    commits: list[str] = []
    await database.write(lambda tx: tx.raw.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None))
    commits.clear()

    async def caller(n: int) -> None:
        await database.write(insert(n))
        for _ in range(n % 4):  # turns of the loop until its next request is heard and read
            await asyncio.sleep(0)
        await database.write(insert(100 + n))

    await asyncio.gather(*map(caller, range(20)))
    assert len(commits) == 2


class Stepping:
    """Steps that tell which one is taken, and fail where they are told to."""

    def __init__(self, n: int, told: list[str], fails: str = "") -> None:
        self.n, self.told, self.fails = n, told, fails

    def _step(self, name: str) -> None:
        self.told.append(f"{name} {self.n}")
        if name == self.fails:
            raise RuntimeError(name)

    def prepare(self) -> None:
        self._step("prepare")

    def run(self, tx: Transaction) -> None:
        insert(self.n)(tx)
        self._step("run")

    def finish(self) -> int:
        self._step("finish")
        return self.n


async def test_a_batch_takes_its_steps_together(database: Database) -> None:
    told: list[str] = []
    assert await asyncio.gather(*(database.write_in_steps(Stepping(n, told)) for n in (1, 2))) == [1, 2]
    assert told == [f"{step} {n}" for step in ("prepare", "run", "finish") for n in (1, 2)]
    assert await numbers(database) == [1, 2]


async def test_steps_that_raise_in_the_transaction_fail_their_batch_and_no_other(database: Database) -> None:
    told: list[str] = []
    steps = (Stepping(1, told), Stepping(2, told, fails="run"))
    results = await asyncio.gather(*map(database.write_in_steps, steps), database.write(insert(3)), return_exceptions=True)
    assert [type(r) for r in results] == [RuntimeError] * 3
    assert not any(step.startswith("finish") for step in told), "nothing is finished that was not written"
    assert await database.write_in_steps(Stepping(4, told)) == 4
    assert await numbers(database) == [4]


@pytest.mark.parametrize(("fails", "kept"), [("prepare", [2, 3]), ("finish", [1, 2, 3])])
async def test_steps_that_raise_around_the_transaction_fail_alone(database: Database, fails: str, kept: list[int]) -> None:
    steps = (Stepping(1, [], fails), Stepping(2, []))
    results = await asyncio.gather(*map(database.write_in_steps, steps), database.write(insert(3)), return_exceptions=True)
    assert [type(r) for r in results] == [RuntimeError, int, int]
    assert await numbers(database) == kept


async def test_nothing_is_finished_for_a_caller_who_left(database: Database) -> None:
    told: list[str] = []
    leaving = asyncio.ensure_future(database.write_in_steps(Stepping(1, told)))
    await asyncio.sleep(0)  # it asks
    leaving.cancel()
    await database.write(insert(2))
    assert "finish 1" not in told
    assert await numbers(database) == [1, 2], "what was asked for is written: a token that is spent stays spent"


async def test_steps_whose_commit_fails_are_not_finished(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    await database.write(lambda tx: tx.raw.execute("PRAGMA busy_timeout = 1"))
    other.execute("BEGIN IMMEDIATE")
    told: list[str] = []
    with pytest.raises(sqlite3.OperationalError):
        await database.write_in_steps(Stepping(1, told))
    other.close()
    assert told == ["prepare 1"]


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


async def test_what_a_transaction_remembers_is_gone_with_what_is_undone_and_at_its_end(database: Database) -> None:
    seen: list[dict[str, object]] = []

    def remember(tx: Transaction) -> None:
        seen.append(dict(tx.raw.remembered))
        tx.raw.remembered["n"] = len(seen)

    def half_done(tx: Transaction) -> None:
        remember(tx)
        raise RuntimeError("stop")

    await asyncio.gather(*(database.write(job) for job in (remember, remember, half_done, remember)), return_exceptions=True)
    assert seen == [{}, {"n": 1}, {"n": 2}, {}]
    await database.write(remember)
    assert seen[-1] == {}
