"""Older databases come forward whole, with a copy beside them; nothing goes back, and a failure changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text

from broker.issuer.database import open_database
from broker.issuer.metadata import SCHEMA_VERSION as ISSUER_VERSION
from broker.releases.rows import all_releases
from broker.state import SCHEMA_VERSION, BrokerState
from broker.storage import Database, SchemaTooNewError

HERE = Path(__file__).parent


def first_version(path: Path, script: str, rows: str) -> None:
    """A database as the first version left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript((HERE / script).read_text())
    connection.executescript(rows)
    connection.close()


def read(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def structure(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """Tables with their columns (name, type, nullable) and their indexes' columns."""
    tables = [str(row[0]) for row in read(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, set[tuple[object, ...]]] = {}
    for table in tables:
        columns: set[tuple[object, ...]] = {(row[1], row[2], row[3], row[5]) for row in read(path, f"PRAGMA table_info({table})")}
        for _, index, unique, *_ in read(path, f"PRAGMA index_list({table})"):
            columns.add(("index", unique, tuple(row[2] for row in read(path, f"PRAGMA index_info({index})"))))
        found[table] = columns
    return found


RELEASE = (
    "INSERT INTO releases (id, agent_id, token_hash, status, outcome, fields, created_at, expires_at, finished_at)"
    " VALUES ('rel_1', 'agt_1', x'01', 'finished', 'filled', '[\"number\"]', 1, 2, 3);"
)


def test_a_brokers_database_of_the_first_version_is_used_on(tmp_path: Path) -> None:
    state = BrokerState(tmp_path)
    first_version(state.database, "broker-schema-1.sql", RELEASE)
    with state.open_database() as database:
        [release] = database.read_now(lambda connection: all_releases(connection, 10))
    assert (release.id, release.outcome, release.fields, release.intent_id) == ("rel_1", "filled", ("number",), None)
    assert read(state.database, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    copy = state.database.with_name("broker.db.schema-1")
    assert read(copy, "PRAGMA user_version") == [(1,)]
    assert read(copy, "SELECT id FROM releases") == [("rel_1",)]
    assert copy.stat().st_mode & 0o077 == 0


def test_a_migrated_database_has_the_structure_of_a_new_one(tmp_path: Path) -> None:
    old, new = BrokerState(tmp_path / "old"), BrokerState(tmp_path / "new")
    first_version(old.database, "broker-schema-1.sql", RELEASE)
    for state in (old, new):
        state.open_database().close()
    assert structure(old.database) == structure(new.database)
    first_version(tmp_path / "issuer-old.db", "issuer-schema-1.sql", "")
    for name in ("issuer-old.db", "issuer-new.db"):
        open_database(tmp_path / name).close()
    assert structure(tmp_path / "issuer-old.db") == structure(tmp_path / "issuer-new.db")
    assert read(tmp_path / "issuer-old.db", "PRAGMA user_version") == [(ISSUER_VERSION,)]


METADATA = MetaData()
Table("things", METADATA, Column("n", Integer, primary_key=True), Column("word", Text))


def add_word(raw: sqlite3.Connection) -> None:
    raw.execute("ALTER TABLE things ADD COLUMN word TEXT")


def fail(raw: sqlite3.Connection) -> None:
    raise RuntimeError("stop")


def things(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE things (n INTEGER PRIMARY KEY); INSERT INTO things VALUES (7); PRAGMA user_version = 1;")
    connection.close()


def test_migrations_run_in_order_and_once(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    things(path)
    ran: list[int] = []

    def second(raw: sqlite3.Connection) -> None:
        ran.append(2)
        add_word(raw)

    def third(raw: sqlite3.Connection) -> None:
        ran.append(3)

    for _ in range(2):
        Database(path, METADATA, 3, {3: third, 2: second}).close()
    assert ran == [2, 3]
    assert read(path, "SELECT * FROM things") == [(7, None)]


def test_a_failing_migration_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    things(path)
    with pytest.raises(RuntimeError):
        Database(path, METADATA, 3, {2: add_word, 3: fail})
    assert read(path, "PRAGMA user_version") == [(1,)]
    assert read(path, "SELECT * FROM things") == [(7,)]
    Database(path, METADATA, 2, {2: add_word}).close()
    assert read(path, "SELECT * FROM things") == [(7, None)]


def test_there_is_no_way_back(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    things(path)
    Database(path, METADATA, 2, {2: add_word}).close()
    with pytest.raises(SchemaTooNewError, match="schema 2"):
        Database(path, METADATA, 1)
    assert read(path, "SELECT * FROM things") == [(7, None)]


def test_a_migration_that_breaks_a_reference_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    things(path)
    metadata = MetaData()
    Table("things", metadata, Column("n", Integer, primary_key=True))

    def orphan(raw: sqlite3.Connection) -> None:
        raw.execute("CREATE TABLE parts (thing INTEGER REFERENCES things (n))")
        raw.execute("INSERT INTO parts VALUES (8)")

    with pytest.raises(sqlite3.IntegrityError):
        Database(path, metadata, 2, {2: orphan})
    assert read(path, "SELECT name FROM sqlite_master WHERE name = 'parts'") == []
