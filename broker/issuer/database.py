"""LedgerOS's database: every resource's tables, one file."""

from __future__ import annotations

from pathlib import Path

from broker.issuer import idempotency
from broker.issuer.agents import tables as _agents
from broker.issuer.brokers import tables as _brokers
from broker.issuer.cards import tables as _cards
from broker.issuer.details import tables as _details
from broker.issuer.events import tables as _events
from broker.issuer.grants import tables as _grants
from broker.issuer.intents import tables as _intents
from broker.issuer.metadata import METADATA, MIGRATIONS, SCHEMA_VERSION
from broker.issuer.organisations import tables as _organisations
from broker.issuer.redeem import tables as _redeem
from broker.issuer.surrogates import tables as _surrogates
from broker.issuer.transactions import tables as _transactions
from broker.issuer.users import tables as _users
from broker.issuer.web import tables as _web
from broker.storage import Database

_ALL = (
    _agents,
    _brokers,
    _cards,
    _details,
    _events,
    _grants,
    _intents,
    _organisations,
    _redeem,
    _surrogates,
    _transactions,
    _users,
    _web,
    idempotency,
)


def open_database(path: Path) -> Database:
    """Open it, making what is missing and moving an older one forward; raises `SchemaTooNewError` for a newer one."""
    assert all(module.__name__ for module in _ALL)  # imported for their tables
    return Database(path, METADATA, SCHEMA_VERSION, MIGRATIONS)
