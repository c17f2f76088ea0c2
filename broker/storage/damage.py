"""A database file that is none, or whose pages are torn: said by its name, as other damaged files are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from broker.core.state_files import DamagedFileError

_CURE = "Put back a copy of it, or move it away to start anew."


def check_database(file: Path) -> None:
    """Look through every page of `file` without changing it; `DamagedFileError` when one is broken."""
    with damage_named(file), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise DamagedFileError(file, _CURE)


@contextmanager
def damage_named(file: Path) -> Iterator[None]:
    """Raise `DamagedFileError` where SQLite finds that `file` is no database or a broken one; every other error passes."""
    try:
        yield
    except (sqlite3.DatabaseError, DBAPIError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        if type(said) is not sqlite3.DatabaseError:  # its subclasses are about a statement, a lock or the disk
            raise
        raise DamagedFileError(file, _CURE) from None
