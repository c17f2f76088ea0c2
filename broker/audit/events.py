"""Events of the broker: names ``source:subject:action``, facts that hold no secret and no number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from broker import tlog
from broker.audit.tables import events
from broker.storage import Transaction


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `facts` are JSON values: ids, outcomes, amounts; never a token, code or number."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)


def record(transaction: Transaction, at: int, *happened: Event) -> None:
    """Append events to the chain inside the caller's transaction. `at` is Unix milliseconds."""
    for event in happened:
        tlog.append(transaction.raw, at, event.name, event.facts)


def read_events(connection: Connection, after: int = 0, limit: int | None = None) -> list[tlog.Entry]:
    """Entries with a sequence number above `after`, oldest first."""
    return list(tlog.entries(connection, events, after, limit))
