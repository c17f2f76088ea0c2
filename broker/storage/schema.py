"""The schema version lives in the database: older ones are moved forward, a newer one is refused.

A migration is a function of the driver's connection; its number is the version it leads to. All
that are missing run in one transaction, after a copy of the file was put beside it. There is no
way back: the copy is it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Connection, MetaData

from broker.core.errors import LedgerError

Migration = Callable[[sqlite3.Connection], None]


class SchemaTooNewError(LedgerError):
    """The database was written by a newer program; it is not changed."""

    def __init__(self, found: int, known: int) -> None:
        message = f"This database has schema {found}, this program knows {known}; it is not changed."
        super().__init__(409, "newer_database", message, "Use the newer LedgerOS.")


def prepare(
    connection: Connection, driver: sqlite3.Connection, metadata: MetaData, version: int, migrations: Mapping[int, Migration], path: Path
) -> None:
    """Bring the database to `version`; raises `SchemaTooNewError` rather than go back.

    A failing migration leaves the database as it was.
    """
    found = _version(driver)
    if found > version:
        raise SchemaTooNewError(found, version)
    if 0 < found < version:
        _back_up(driver, path.with_name(f"{path.name}.schema-{found}"))
    # Tables are rebuilt under their own names, which foreign keys would forbid; they are checked at the end instead.
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        driver.execute("BEGIN IMMEDIATE")
        try:
            _move_on(connection, driver, metadata, version, migrations)
            driver.execute("COMMIT")
        except BaseException:
            driver.execute("ROLLBACK")
            raise
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _move_on(
    connection: Connection, driver: sqlite3.Connection, metadata: MetaData, version: int, migrations: Mapping[int, Migration]
) -> None:
    found = _version(driver)  # again: another process may have been faster
    for number in range(found + 1, version + 1) if found else ():
        if number in migrations:
            migrations[number](driver)
    metadata.create_all(connection)
    if found != version and driver.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise sqlite3.IntegrityError("a migration left a row without what it refers to; the database is unchanged")
    driver.execute(f"PRAGMA user_version = {version:d}")


def _version(driver: sqlite3.Connection) -> int:
    return int(driver.execute("PRAGMA user_version").fetchone()[0])


def _back_up(driver: sqlite3.Connection, copy: Path) -> None:
    """A whole copy of the database, readable by its owner only; one that exists is kept."""
    if copy.exists():
        return
    copy.touch(0o600)
    target = sqlite3.connect(copy)
    try:
        driver.backup(target)
    except BaseException:
        copy.unlink()
        raise
    finally:
        target.close()
