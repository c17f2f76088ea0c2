"""The schema version lives in the database; a newer one than this program knows is refused."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, MetaData


class SchemaTooNewError(Exception):
    """The database was written by a newer program."""


def prepare(connection: Connection, driver: sqlite3.Connection, metadata: MetaData, version: int) -> None:
    """Create what is missing and record `version`; raises `SchemaTooNewError` rather than go back."""
    found = int(driver.execute("PRAGMA user_version").fetchone()[0])
    if found > version:
        raise SchemaTooNewError(
            f"This database has schema {found}, this program knows {version}. Use the newer LedgerOS; it is not changed."
        )
    metadata.create_all(connection)
    driver.execute(f"PRAGMA user_version = {version:d}")
