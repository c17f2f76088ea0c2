"""A database was written by a newer LedgerOS: this one leaves it alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from broker.install.doctor.finding import Finding, Machine
from broker.issuer.metadata import SCHEMA_VERSION as ISSUER_SCHEMA
from broker.state import SCHEMA_VERSION as BROKER_SCHEMA

NAME = "database-newer"


def check(machine: Machine) -> Iterator[Finding]:
    """Compare the schema in each file with the one this program knows, without opening it for writing."""
    files = ((machine.state.issuer / "issuer.db", ISSUER_SCHEMA), (machine.state.broker / "broker.db", BROKER_SCHEMA))
    for file, known in files:
        if file.exists() and _schema(file) > known:
            yield Finding(NAME, f"{file.name} was written by a newer LedgerOS.", "Install the newer LedgerOS again.")


def _schema(file: Path) -> int:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])
