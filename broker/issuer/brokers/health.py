"""What LedgerOS tells a broker about itself, and what its people should hear through their browsers."""

from __future__ import annotations

from sqlalchemy import Connection, select

from broker.core.clock import DAY_MS
from broker.issuer.brokers.services import active_broker
from broker.issuer.cards.tables import cards
from broker.issuer.details.tables import access_events
from broker.issuer.events.services import card_alarms
from broker.issuer.organisations.services import get_organisation
from broker.issuer.surrogates.alarms import PRESENTED
from broker.protocol.issuer_api import Health, TokenAlarm
from broker.tlog import Entry

ALARM_LIFE_MS = DAY_MS
"""How long a browser is told of an alarm."""


_STAND_IN = "A stand-in for this card's number was charged; it was declined and the card was not charged."


def health(connection: Connection, broker_id: str, now: int) -> Health:
    """What LedgerOS knows of the calling broker, and the newest alarm about a card of its organisation."""
    row = active_broker(connection, broker_id)
    if row is None:
        return Health(time=now, broker_id=broker_id, enrolled=False, organisation_name=None)
    name = get_organisation(connection, row.org_id).name
    return Health(time=now, broker_id=broker_id, enrolled=True, organisation_name=name, alarm=_alarm(connection, row.org_id, now))


def _alarm(connection: Connection, org_id: str, now: int) -> TokenAlarm | None:
    newest = card_alarms(connection, org_id, now - ALARM_LIFE_MS, 1)
    if not newest:
        return None
    [entry] = newest
    last4 = _last4(connection, entry)
    if entry.name == PRESENTED:
        return TokenAlarm(at=entry.at, kind="surrogate", last4=last4, message=_STAND_IN)
    if entry.name == "alarm:token:replayed":
        return TokenAlarm(at=entry.at, kind="replayed", last4=last4, message=_replayed(entry))
    message = "A details token was presented by a broker it does not belong to; nothing was released."
    return TokenAlarm(at=entry.at, kind="stolen", last4=last4, message=message)


def _last4(connection: Connection, entry: Entry) -> str | None:
    # Not every alarm names the card; all name the access event that made the token.
    query = select(cards.c.last4).join(access_events, access_events.c.card_id == cards.c.id)
    return connection.execute(query.where(access_events.c.id == entry.facts.get("accessEvent"))).scalar()


def _replayed(entry: Entry) -> str:
    same = entry.facts.get("firstBroker") == entry.facts.get("broker")
    by = "by the same broker" if same else "by another broker"
    return f"A details token was presented twice, the second time {by}; nothing was released then."
