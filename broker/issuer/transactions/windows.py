"""Authorisation windows: a release opens one, an authorisation that fits uses it up.

Outside a window a card whose releases a person approves declines, so a number that leaked buys nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, text, update

from broker.core.money import tolerance
from broker.issuer.details.tables import OPEN_WINDOW, access_events
from broker.issuer.redeem.tables import decisions
from broker.issuer.transactions.tables import transactions, windows
from broker.storage import Transaction

_REASON = "$.decision.reason"  # in a SignedDecision as it came


class Charge(NamedTuple):
    """What a window is compared with. `may_be_unnamed`: the card lets a merchant pass whose acquirer names no origin."""

    card_id: str
    amount: int
    currency: str
    origin: str | None
    merchant_key: str
    previous_transaction_id: str | None
    may_be_unnamed: bool = False

    @property
    def names_too_little(self) -> bool:
        """Whether nobody says where the number was used: then it may have been anywhere."""
        return self.origin is None and not self.may_be_unnamed


def fitting_window(connection: Connection, charge: Charge, now: int) -> Row[Any] | str:
    """The oldest open window that this charge fits, or the reason why none does."""
    if charge.names_too_little:
        return "merchant_unknown"
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
    if _is_elsewhere(charge, window.origin):
        return "merchant_mismatch"
    return "amount_above_release" if charge.amount > window.max_amount else None


def _is_elsewhere(charge: Charge, origin: str) -> bool:
    """Whether the charge comes from another site than the window is for. One that says nothing is let through by few cards only."""
    return charge.names_too_little or charge.origin not in (None, origin)


def consume(tx: Transaction, access_event_id: str, now: int) -> bool:
    """Use up the window of an access event; false when somebody did before."""
    changed = tx.sql.execute(
        update(access_events).where(access_events.c.id == access_event_id, text(OPEN_WINDOW)).values(window_consumed_at=now)
    )
    return changed.rowcount == 1


def follows_subscription(connection: Connection, charge: Charge, basis_points: int) -> bool:
    """Whether a charge refers to the first one of a subscription: same card, same merchant and site, no higher.

    What it was is said by the decision that was signed, never by the agent's word alone. No higher: not above the first charge and
    its tolerance, nor above what the first one's window let through.
    """
    if charge.previous_transaction_id is None:
        return False
    first = connection.execute(
        select(transactions.c.authorized_amount, access_events.c.window_max_amount, access_events.c.window_origin)
        .join(access_events, access_events.c.id == transactions.c.access_event_id)
        .join(decisions, decisions.c.access_event_id == access_events.c.id)
        .where(
            transactions.c.id == charge.previous_transaction_id, transactions.c.card_id == charge.card_id,
            transactions.c.status.in_(("pending", "completed")), transactions.c.merchant_key == charge.merchant_key,
            transactions.c.window_id.is_not(None), func.json_extract(decisions.c.signed, _REASON) == "subscription",
        )
    ).first()  # fmt: skip
    if first is None or _is_elsewhere(charge, first.window_origin):
        return False
    most: int = min(first.authorized_amount + tolerance(first.authorized_amount, basis_points), first.window_max_amount)
    return charge.amount <= most
