"""A token where it should not be: its owner's organisation is told, whoever came with it and however it was refused.

And all alarms about cards in words, for the dashboard.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection

from broker.core.clock import HOUR_MS
from broker.issuer.events.services import card_alarms, record_raw
from broker.issuer.redeem.checks import TokenRow
from broker.issuer.surrogates import alarms as stand_ins


def stolen(raw: sqlite3.Connection, now: int, token: TokenRow, facts: dict[str, Any]) -> None:
    """A broker that the token is not bound to presented it."""
    record_raw(raw, now, "alarm:token:stolen", token.org_id, {**facts, "boundBroker": token.bound_broker})


def replayed(raw: sqlite3.Connection, now: int, token: TokenRow, facts: dict[str, Any]) -> None:
    """A token was presented that had been redeemed before."""
    record_raw(raw, now, "alarm:token:replayed", token.org_id, {**facts, "firstBroker": token.redeemed_by})


def strayed(raw: sqlite3.Connection, now: int, token: TokenRow, broker_id: str, at: str) -> None:
    """A broker of no or another organisation presented the token; it is told nothing, and its organisation neither."""
    facts = {"broker": broker_id, "reason": "foreign_broker", "at": at, "accessEvent": token.event_id, "card": token.card_id}
    stolen(raw, now, token, {**facts, "agent": token.agent_id})


_SHOWN_MS = 7 * 24 * HOUR_MS
_MOST_SHOWN = 5


def recent_alarms(connection: Connection, org_id: str, now: int) -> list[str]:
    """The last week's alarms about cards in words for the person, newest first, alike ones once."""
    found = card_alarms(connection, org_id, now - _SHOWN_MS, _MOST_SHOWN * 4)
    return list(dict.fromkeys(_sentence(entry.name, entry.facts) for entry in found))[:_MOST_SHOWN]


def _sentence(name: str, facts: dict[str, Any]) -> str:
    if name == stand_ins.PRESENTED:
        return stand_ins.sentence(facts)
    card, came = facts.get("card") or facts.get("accessEvent"), facts["broker"]
    if name == "alarm:token:replayed":
        return (
            f"A details token was presented a second time ({card}): first by {facts.get('firstBroker')}, then by {came}. "
            "Nothing was released. Somebody may have copied it: freeze the card, and revoke a broker that is not yours."
        )
    bound = facts.get("boundBroker") or "no broker yet"
    return (
        f"A details token was presented by a broker it does not belong to ({card}): bound to {bound}, presented by {came}. "
        "Nothing was released. Revoke a broker that is not yours."
    )
