"""Append, read and verify events."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from broker.core.canonical import b64u, canonical_members
from broker.issuer.events.tables import CARD_ALARMS, events
from broker.storage import Transaction
from broker.tlog import ChainBrokenError, Entry, append, append_all, entries, head, verify


def record(tx: Transaction, at: int, name: str, org_id: str | None, **facts: Any) -> int:
    """Append event `name` (``source:subject:action``) about `org_id`; facts that are None are left out."""
    return record_raw(tx.raw, at, name, org_id, facts)


def record_raw(raw: sqlite3.Connection, at: int, name: str, org_id: str | None, facts: dict[str, Any]) -> int:
    """`record` for the redeem path."""
    return append(raw, at, name, _kept(org_id, facts))


def record_flat(raw: sqlite3.Connection, at: int, events: Sequence[tuple[str, dict[str, str | int | list[str] | None]]]) -> None:
    """Several events of one moment in one statement, for the redeem path: facts with their ``org``, and no objects among them."""
    append_all(raw, at, [(name, canonical_members(facts)) for name, facts in events])


def _kept(org_id: str | None, facts: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in facts.items() if value is not None}
    if org_id is not None:
        kept["org"] = org_id
    return kept


def export(connection: Connection, org_id: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Entries above `after` in the form that verifies offline.

    Another organisation's entry keeps its place in the chain (seq, previous, hash) and withholds the rest.
    """
    return [
        entry.export()
        if entry.facts.get("org") in (None, org_id)
        else {"seq": entry.seq, "withheld": True, "previous": b64u(entry.previous), "hash": b64u(entry.hash)}
        for entry in entries(connection, events, after, limit)
    ]


def latest(connection: Connection, org_id: str, limit: int, name_contains: str = "") -> list[Entry]:
    """The newest events of an organisation, newest first."""
    query = select(events).where(func.json_extract(events.c.facts, "$.org") == org_id).order_by(events.c.seq.desc()).limit(limit)
    if name_contains:
        query = query.where(events.c.name.contains(name_contains, autoescape=True))
    return [_entry(row) for row in connection.execute(query)]


def card_alarms(connection: Connection, org_id: str, since: int, limit: int) -> list[Entry]:
    """An organisation's alarms about its cards after `since` (Unix ms), newest first; cheap enough for every health call."""
    query = (
        select(events)
        .where(text(CARD_ALARMS), events.c.at > since, func.json_extract(events.c.facts, "$.org") == org_id)
        .order_by(events.c.at.desc(), events.c.seq.desc())
        .limit(limit)
    )
    return [_entry(row) for row in connection.execute(query)]


def counts(connection: Connection, org_id: str, since: int) -> dict[str, int]:
    """How often each event happened to an organisation since `since` (Unix ms)."""
    query = (
        select(events.c.name, func.count())
        .where(func.json_extract(events.c.facts, "$.org") == org_id, events.c.at >= since)
        .group_by(events.c.name)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def verify_chain(connection: Connection) -> tuple[int, str | None]:
    """Recompute the whole chain: (entries that hold, None) or (the last good one, what is wrong)."""
    good = 0
    position = (0, bytes(32))
    try:
        for entry in entries(connection, events):
            position = verify([entry], position)
            good = entry.seq
    except ChainBrokenError as error:
        return good, str(error)
    return good, None


def chain_head(connection: Connection) -> dict[str, Any]:
    """The newest entry's number and hash: keep it elsewhere to notice a rewritten log."""
    seq, hash_ = head(connection, events)
    return {"seq": seq, "hash": b64u(hash_)}


def _entry(row: Any) -> Entry:
    return Entry(row.seq, row.at, row.name, json.loads(row.facts), row.previous, row.hash)
