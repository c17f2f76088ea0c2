"""Older databases come forward whole, with a copy beside them; nothing goes back, and a failure changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, select

from broker.issuer.database import open_database
from broker.issuer.metadata import SCHEMA_VERSION as ISSUER_VERSION
from broker.issuer.transactions.tables import windows
from broker.issuer.transactions.windows import Charge, fitting_window
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


@pytest.mark.parametrize("script", ["issuer-schema-1.sql", "issuer-schema-4.sql"])
def test_an_issuers_database_of_any_version_has_the_structure_of_a_new_one(tmp_path: Path, script: str) -> None:
    first_version(tmp_path / "issuer-old.db", script, "")
    for name in ("issuer-old.db", "issuer-new.db"):
        open_database(tmp_path / name).close()
    assert structure(tmp_path / "issuer-old.db") == structure(tmp_path / "issuer-new.db")
    assert read(tmp_path / "issuer-old.db", "PRAGMA user_version") == [(ISSUER_VERSION,)]


WINDOWS = """
INSERT INTO organisations VALUES ('org_1', 'Acme', 'click', 1, 0, 1);
INSERT INTO users VALUES ('user_1', 'org_1', 'Ada', 'Byron', 'ada@acme.example', 'approved', x'01', 100000, 1, 2);
INSERT INTO agents VALUES ('agent_1', 'org_1', 'user_1', NULL, 'bot', NULL, 'active', NULL, 'allTime', 'reject', NULL, NULL, 1);
INSERT INTO api_keys VALUES ('key_1', 'org_1', 'acquirer', 'shop', 'aq_', x'02', 1, NULL, NULL, NULL);
INSERT INTO cards (id, org_id, user_id, agent_id, status, type, purpose, exposure, require_release, attestation_window_minutes, on_drift,
  last4, expiration_month, expiration_year, kek_version, wrapped_key, number_ciphertext, number_index, created_at)
  VALUES ('card_1', 'org_1', 'user_1', 'agent_1', 'active', 'multi', 'x', 'extensionOnly', 1, 60, 'alert', '4242', 1, 2030, 1, x'03', x'04',
  x'05', 1);
INSERT INTO access_events (id, org_id, card_id, agent_id, status, exposure_mode, summary, expected_currency, merchant_key, reason,
  created_at, consumed_at)
  SELECT 'evt_' || value, 'org_1', 'card_1', 'agent_1', 'consumed', 'extensionOnly', 'x', 'USD', 'shop', 'purchase', 1, 7
  FROM json_each('["open", "used", "closed", "none"]');
INSERT INTO windows VALUES ('win_1', 'org_1', 'evt_open', 'card_1', 500, 'USD', 'https://shop.example', 7, 9, NULL, NULL);
INSERT INTO windows VALUES ('win_2', 'org_1', 'evt_used', 'card_1', 600, 'USD', 'https://shop.example', 7, 9, 8, NULL);
INSERT INTO windows VALUES ('win_3', 'org_1', 'evt_closed', 'card_1', 700, 'USD', 'https://other.example', 7, 9, NULL, 9);
INSERT INTO transactions VALUES ('txn_1', 'org_1', 'key_1', 'card_1', 'agent_1', 'user_1', 550, 550, 'USD', 'pending', NULL, 'attested',
  'evt_used', 'win_2', NULL, '{}', 'name:shop', 8, 8, NULL);
INSERT INTO transactions VALUES ('txn_2', 'org_1', 'key_1', 'card_1', 'agent_1', 'user_1', 10, 0, 'USD', 'declined', 'no_release', 'stale',
  NULL, NULL, 'txn_1', '{"name":"shop"}', 'name:shop', 9, NULL, NULL);
"""


@pytest.mark.parametrize("script", ["issuer-schema-1.sql", "issuer-schema-4.sql"])
def test_windows_and_charges_of_an_older_database_are_kept(tmp_path: Path, script: str) -> None:
    path = tmp_path / "issuer.db"
    first_version(path, script, WINDOWS)
    before = {table: read(path, f"SELECT * FROM {table} ORDER BY id") for table in ("windows", "transactions")}
    with open_database(path) as database:
        after = database.read_now(lambda c: [tuple(row) for row in c.execute(select(windows).order_by(windows.c.id))])
        fits = database.read_now(lambda c: fitting_window(c, Charge("card_1", 500, "USD", "https://shop.example", "x", None), 8))
    assert after == before["windows"]
    assert not isinstance(fits, str)
    assert fits.id == "win_1", "an open window still lets its charge through"
    assert read(path, "SELECT require_merchant_origin FROM cards") == [(1,)], "an older card lets no unnamed shop pass either"
    assert read(path, "SELECT * FROM transactions ORDER BY id") == before["transactions"]
    assert read(path, "SELECT name FROM sqlite_master WHERE name = 'windows'") == []
    refers = {row[2] for row in read(path, "PRAGMA foreign_key_list(transactions)")}
    assert refers == {"organisations", "api_keys", "cards", "agents", "users", "access_events", "transactions"}
    assert read(path, "PRAGMA foreign_key_check") == []


INTENT = """
INSERT INTO intents (id, org_id, card_id, agent_id, status, summary, expected_amount, expected_currency, merchant_key, tolerance,
  created_at, expires_at) VALUES ('int_1', 'org_1', 'card_1', 'agent_1', 'pending_approval', 'x', 500, 'USD', 'shop', 0, 1, 9);
"""


def test_an_intent_of_an_older_database_is_for_one_charge(tmp_path: Path) -> None:
    path = tmp_path / "issuer.db"
    first_version(path, "issuer-schema-4.sql", WINDOWS + INTENT)
    open_database(path).close()
    assert read(path, "SELECT id, reason FROM intents") == [("int_1", "one-time")]


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
