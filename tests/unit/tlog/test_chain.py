"""The event chain: an edit, a gap or a reordering is found by anybody who recomputes it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from broker import tlog
from broker.storage import Database, Transaction

METADATA = MetaData()
EVENTS = tlog.events_table(METADATA)


def made(n: int) -> Callable[[Transaction], int]:
    return lambda tx: tlog.append(tx.raw, 1_000 + n, "test:event:made", {"n": n, "text": "é"})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "x.db", METADATA, 1) as database:
        for n in range(1, 6):
            database.write_now(made(n))
        yield database


def log(database: Database) -> list[tlog.Entry]:
    return database.read_now(lambda sql: list(tlog.entries(sql, EVENTS)))


def test_a_whole_log_verifies_to_its_head(database: Database) -> None:
    assert tlog.verify(log(database)) == database.read_now(lambda sql: tlog.head(sql, EVENTS))


def test_a_log_verifies_from_a_head_that_was_kept(database: Database) -> None:
    entries = log(database)
    kept = tlog.verify(entries[:3])
    assert tlog.verify(entries[3:], kept)[0] == 5


@pytest.mark.parametrize(
    "change", [{"facts": {"n": 99}}, {"at": 5}, {"name": "test:event:other"}, {"seq": 9}, {"previous": bytes(32)}, {"hash": bytes(32)}]
)
def test_an_edit_is_found(database: Database, change: dict[str, object]) -> None:
    entries = log(database)
    entries[2] = dataclasses.replace(entries[2], **change)  # type: ignore[arg-type]
    with pytest.raises(tlog.ChainBrokenError):
        tlog.verify(entries)


def test_an_edit_that_recomputes_its_own_hash_breaks_the_next_entry(database: Database) -> None:
    entries = log(database)
    edited = dataclasses.replace(entries[2], facts={"n": 99})
    entries[2] = dataclasses.replace(edited, hash=edited.computed_hash())
    with pytest.raises(tlog.ChainBrokenError, match="entry 4"):
        tlog.verify(entries)


def test_a_missing_and_a_swapped_entry_are_found(database: Database) -> None:
    entries = log(database)
    with pytest.raises(tlog.ChainBrokenError):
        tlog.verify(entries[:2] + entries[3:])
    with pytest.raises(tlog.ChainBrokenError):
        tlog.verify([entries[1], entries[0], *entries[2:]])


def test_an_event_of_a_job_that_fails_does_not_exist(database: Database) -> None:
    def job(tx) -> None:
        tlog.append(tx.raw, 1, "test:event:ghost", {})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write_now(job)
    assert len(log(database)) == 5


async def test_an_event_that_was_undone_leaves_no_gap_for_the_next_of_its_batch(database: Database) -> None:
    def undone(tx: Transaction) -> None:
        made(99)(tx)
        raise RuntimeError("stop")

    jobs = [made(6), undone, made(7)]
    assert [type(r) for r in await asyncio.gather(*(database.write(job) for job in jobs), return_exceptions=True)] == [
        int,
        RuntimeError,
        int,
    ]
    assert [entry.facts["n"] for entry in log(database)] == [1, 2, 3, 4, 5, 6, 7]
    tlog.verify(log(database))
