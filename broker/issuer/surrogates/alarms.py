"""A stand-in was charged: whoever it was made for is told which release it came from. Whoever charged it is told nothing of that."""

from __future__ import annotations

import sqlite3
from typing import Any

from broker.core.card_number import Pan
from broker.issuer.events.services import record_raw
from broker.issuer.surrogates.services import find_reservation

PRESENTED = "alarm:surrogate:presented"


def presented(raw: sqlite3.Connection, now: int, number: Pan, org_id: str, charge: dict[str, Any]) -> dict[str, str]:
    """Raise the alarm, with the facts of the `charge`, in the log of the card's organisation.

    Answers what a transaction of `org_id` knows about its card: the columns' values when the card is its own, otherwise nothing.
    """
    release = find_reservation(raw, number.reveal())
    if release is None:
        return {}
    facts = {"release": release.release_id, "card": release.card_id, "agent": release.agent_id, "accessEvent": release.access_event_id}
    if release.org_id != org_id:
        charge = {name: value for name, value in charge.items() if name != "transaction"}
    record_raw(raw, now, PRESENTED, release.org_id, {**charge, **facts})
    if release.org_id != org_id:
        return {}
    return {
        "card_id": release.card_id, "agent_id": release.agent_id, "user_id": release.user_id,
        "access_event_id": release.access_event_id,
    }  # fmt: skip


def sentence(facts: dict[str, Any]) -> str:
    """The alarm in words for the person."""
    return (
        f"A stand-in for the number of {facts['card']} was charged, from release {facts['release']}, at “{facts['merchant']}”. "
        "It was declined and the card was not charged. Either the checkout sent it past the egress, or somebody kept it."
    )
