"""Authorisation windows: a release opens one, an authorisation that fits uses it up.

Outside a window a card whose releases a person approves declines, so a number that leaked buys nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, text, update

from broker.core.money import tolerance
from broker.issuer.details.tables import OPEN_WINDOW, access_events
from broker.issuer.transactions.tables import transactions, windows
from broker.storage import Transaction


class Charge(NamedTuple):
    """What a window is compared with."""

    card_id: str
    amount: int
    currency: str
    origin: str | None
    merchant_key: str
    previous_transaction_id: str | None


def fitting_window(connection: Connection, charge: Charge, now: int) -> Row[Any] | str:
    """The oldest open window that this charge fits, or the reason why none does."""
    query = (
        select(windows)
        .where(
            windows.c.card_id == charge.card_id, windows.c.consumed_at.is_(None), windows.c.closed_at.is_(None), windows.c.expires_at > now
        )
        .order_by(windows.c.opened_at, windows.c.id)
    )
    reason = "no_release"
    for window in connection.execute(query):
        mismatch = _mismatch(window, charge)
        if mismatch is None:
            return window
        reason = mismatch
    return reason


def _mismatch(window: Row[Any], charge: Charge) -> str | None:
    if charge.currency != window.currency:
        return "currency_mismatch"
    if charge.origin is not None and charge.origin != window.origin:
        return "merchant_mismatch"
    return "amount_above_release" if charge.amount > window.max_amount else None


def consume(tx: Transaction, access_event_id: str, now: int) -> bool:
    """Use up the window of an access event; false when somebody did before."""
    changed = tx.sql.execute(
        update(access_events).where(access_events.c.id == access_event_id, text(OPEN_WINDOW)).values(window_consumed_at=now)
    )
    return changed.rowcount == 1


def follows_subscription(connection: Connection, charge: Charge, basis_points: int) -> bool:
    """Whether a charge refers to an approved first one of a subscription: same card, same merchant, no higher."""
    if charge.previous_transaction_id is None:
        return False
    first = connection.execute(
        select(transactions.c.authorized_amount)
        .join(access_events, access_events.c.id == transactions.c.access_event_id)
        .where(
            transactions.c.id == charge.previous_transaction_id, transactions.c.card_id == charge.card_id,
            transactions.c.status.in_(("pending", "completed")), transactions.c.merchant_key == charge.merchant_key,
            transactions.c.window_id.is_not(None), access_events.c.reason == "subscription",
        )
    ).first()  # fmt: skip
    return first is not None and charge.amount <= first[0] + tolerance(first[0], basis_points)
