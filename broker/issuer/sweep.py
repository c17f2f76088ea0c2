"""What time does by itself: tokens, windows and intents expire, cards past their days close, what guards nothing any more is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from broker.core.clock import DAY_MS, HOUR_MS
from broker.issuer import idempotency
from broker.issuer.context import Context
from broker.issuer.details.tables import OPEN_WINDOW
from broker.issuer.events.services import record_raw
from broker.issuer.settings import IssuerSettings
from broker.issuer.surrogates import services as surrogates
from broker.storage import Transaction

_log = structlog.get_logger("broker.issuer")
_BATCH = 500
ACTION_DAYS = 30
"""How long a person's signed action is kept. Against a repeat minutes would do: its time alone refuses it then."""
COUNT_DAYS = 3
"""How long a rule's count of a day is kept: its own day, whatever its offset from UTC, and one to be sure."""

# What lapses: the statement that moves it on, and the event that says so.
_LAPSES = (
    (
        "UPDATE access_events SET status = 'expired' WHERE id IN (SELECT id FROM access_events WHERE status = 'granted'"
        " AND expires_at <= ? LIMIT ?) RETURNING org_id, id, card_id",
        "ledgeros:token:expired",
        "accessEvent",
    ),
    (
        f"UPDATE access_events SET window_closed_at = window_expires_at WHERE id IN (SELECT id FROM access_events WHERE {OPEN_WINDOW}"  # noqa: S608
        " AND window_expires_at <= ? LIMIT ?) RETURNING org_id, window_id, card_id",
        "ledgeros:window:expired",
        "window",
    ),
    (
        "UPDATE intents SET status = 'expired' WHERE id IN (SELECT id FROM intents WHERE status IN ('pending_approval', 'pending')"
        " AND expires_at <= ? LIMIT ?) RETURNING org_id, id, card_id",
        "ledgeros:intent:expired",
        "intent",
    ),
    (
        "UPDATE cards SET status = 'closed' WHERE id IN (SELECT id FROM cards WHERE status != 'closed' AND closes_at <= ? LIMIT ?)"
        " RETURNING org_id, id, id",
        "ledgeros:card:closed",
        "closedCard",
    ),
)


# Guards against repeats, and counts of days that are over; what happened stays in the log.
_PRUNED = (
    ("DELETE FROM actions WHERE rowid IN (SELECT rowid FROM actions WHERE at <= ? LIMIT ?)", ACTION_DAYS * DAY_MS),
    (
        "DELETE FROM grant_days WHERE rowid IN (SELECT rowid FROM grant_days WHERE day <= ? / 86400000 LIMIT ?)",
        COUNT_DAYS * DAY_MS,
    ),
)


def sweep(tx: Transaction, now: int, settings: IssuerSettings) -> None:
    """One round, inside a write job."""
    for statement, name, subject in _LAPSES:
        for org_id, thing, card_id in tx.raw.execute(statement, (now, _BATCH)).fetchall():
            facts = {"card": card_id} if subject == "closedCard" else {subject: thing, "card": card_id}
            record_raw(tx.raw, now, name, org_id, facts)
    for statement, age in _PRUNED:
        tx.raw.execute(statement, (now - age, _BATCH))
    idempotency.sweep(tx, now - settings.idempotency_hours * HOUR_MS)
    surrogates.sweep(tx.raw, now - settings.surrogate_days * DAY_MS, _BATCH)


async def keep_sweeping(context: Context, also: Callable[[], None]) -> None:
    """Sweep until cancelled; `also` runs each round (certificate reload). A failed round is logged and tried again."""
    settings = context.settings
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(settings.sweep_seconds)
            try:
                await context.db.write(lambda tx: sweep(tx, context.now(), settings))
                also()
            except Exception:
                _log.exception("sweep failed")
