"""A hash chain: every entry's hash covers the one before it, so an edit breaks all that follow.

hash = SHA-256("ledgeros/event/v1" LF JCS({seq, at, name, facts, previous})). The chain shows edits
to anybody who kept an earlier head; a file whose owner rewrites all of it from the start needs a
witness elsewhere, which this package does not have yet.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, select

from broker.core.canonical import b64u, canonical_json, digest
from broker.storage import WriterConnection

EVENT_DOMAIN = "ledgeros/event/v1"
GENESIS = bytes(32)
_HEAD = "events"  # what the chain remembers within a transaction: sequence number and hash of its newest entry
_HASHED = EVENT_DOMAIN.encode() + b'\n{"at":%d,"facts":%s,"name":%s,"previous":"%s","seq":%d}'


class ChainBrokenError(Exception):
    """An entry does not follow from the one before it; the message names its sequence number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: `name` is ``source:subject:action``, `facts` a JSON object without secrets, `at` Unix ms."""

    seq: int
    at: int
    name: str
    facts: dict[str, Any]
    previous: bytes
    hash: bytes

    def computed_hash(self) -> bytes:
        """The hash this entry must have."""
        return _hash(self.seq, self.at, self.name, self.facts, self.previous)

    def export(self) -> dict[str, Any]:
        """The entry as JSON, enough to verify it offline."""
        return {
            "seq": self.seq, "at": self.at, "name": self.name, "facts": self.facts,
            "previous": b64u(self.previous), "hash": b64u(self.hash),
        }  # fmt: skip


def events_table(metadata: MetaData) -> Table:
    """The table, to be added to the owner's metadata."""
    return Table(
        "events",
        metadata,
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("at", Integer, nullable=False),
        Column("name", Text, nullable=False),
        Column("facts", Text, nullable=False),
        Column("previous", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
    )


def append(raw: sqlite3.Connection, at: int, name: str, facts: dict[str, Any]) -> int:
    """Add an event inside the caller's transaction; returns its sequence number."""
    return append_all(raw, at, ((name, canonical_json(facts)),))


def append_all(raw: sqlite3.Connection, at: int, events: Sequence[tuple[str, bytes]]) -> int:
    """Add several events of one moment, in order, in one statement; facts come as canonical JSON. Returns the last sequence number."""
    remembered = raw.remembered if isinstance(raw, WriterConnection) else {}
    seq, previous = remembered.get(_HEAD) or _read_head(raw)
    values: list[int | str | bytes] = []
    for name, facts in events:
        seq += 1
        this = _hash_of_text(seq, at, name, facts, previous)
        values += (seq, at, name, facts.decode(), previous, this)
        previous = this
    raw.execute(_insertion(len(events)), values)
    remembered[_HEAD] = (seq, previous)
    return seq


def _read_head(raw: sqlite3.Connection) -> tuple[int, bytes]:
    row = raw.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


@lru_cache(maxsize=16)
def _insertion(events: int) -> str:
    """The statement that adds so many events; one and the same string, so that SQLite's driver finds it at once."""
    return "INSERT INTO events (seq, at, name, facts, previous, hash) VALUES " + ", ".join(["(?, ?, ?, ?, ?, ?)"] * events)  # noqa: S608


def entries(connection: Connection, table: Table, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
    """Entries with a sequence number above `after`, oldest first."""
    for row in connection.execute(select(table).where(table.c.seq > after).order_by(table.c.seq).limit(limit)):
        yield Entry(row.seq, row.at, row.name, json.loads(row.facts), row.previous, row.hash)


def head(connection: Connection, table: Table) -> tuple[int, bytes]:
    """Sequence number and hash of the newest entry; (0, 32 zero bytes) when empty."""
    row = connection.execute(select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def verify(log: Iterable[Entry], after: tuple[int, bytes] = (0, GENESIS)) -> tuple[int, bytes]:
    """Recompute a run of entries that must follow `after`; returns the new head or raises `ChainBrokenError`."""
    seq, previous = after
    for entry in log:
        if entry.seq != seq + 1 or entry.previous != previous or entry.computed_hash() != entry.hash:
            raise ChainBrokenError(f"entry {entry.seq} does not follow from entry {seq}")
        seq, previous = entry.seq, entry.hash
    return seq, previous


def _hash(seq: int, at: int, name: str, facts: dict[str, Any], previous: bytes) -> bytes:
    return digest(EVENT_DOMAIN, {"at": at, "facts": facts, "name": name, "previous": b64u(previous), "seq": seq})


def _hash_of_text(seq: int, at: int, name: str, facts: bytes, previous: bytes) -> bytes:
    """`_hash` without encoding the facts again: they are canonical already, and so is this order of members."""
    return hashlib.sha256(_HASHED % (at, facts, _quoted(name), b64u(previous).encode(), seq)).digest()


@lru_cache(maxsize=256)
def _quoted(name: str) -> bytes:
    return canonical_json(name)
