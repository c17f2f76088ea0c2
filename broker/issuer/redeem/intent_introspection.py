"""What is this intent? Signed facts for an approval that comes before the token; an unbound intent is bound to its first broker."""

from __future__ import annotations

import hashlib
import sqlite3

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.context import Context
from broker.issuer.details.rules import blocked_reason
from broker.issuer.events.services import record_raw
from broker.issuer.intents.services import OPEN, intent_refusal
from broker.issuer.redeem.checks import TokenRow
from broker.issuer.redeem.facts import build_facts, inactive
from broker.issuer.redeem.lookup import find_intent_as_token, organisation_of
from broker.protocol.facts import sign_facts
from broker.protocol.issuer_api import Introspected
from broker.storage import Transaction

_REASONS = {"intent_expired": "expired", "intent_done": "used"}


async def introspect_intent(context: Context, broker_id: str, intent_id: str) -> Introspected:
    """Facts signed by LedgerOS, or why there are none; either way an event."""
    now = context.now()

    def job(tx: Transaction) -> Introspected | LedgerError:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        intent = find_intent_as_token(tx.raw, intent_id, now)
        if intent is None or intent.org_id != org_id:
            return _refused(tx.raw, org_id, broker_id, None, inactive("unknown", "LedgerOS does not know this intent."), now)
        refusal = _refusal(tx.raw, intent, broker_id, now)
        if refusal is not None:
            return _refused(tx.raw, org_id, broker_id, intent, refusal, now)
        return _issue(tx.raw, context, intent, broker_id, now)

    return await context.write(job)


def _refusal(raw: sqlite3.Connection, intent: TokenRow, broker_id: str, now: int) -> Introspected | None:
    if intent.bound_broker not in (None, broker_id):
        return inactive("wrong_broker", "The intent is bound to another broker.")
    status = "expired" if intent.status in OPEN and intent.expires_at <= now else intent.status
    closed = intent_refusal(status)
    if closed is not None:
        return inactive(_REASONS.get(closed.code, "blocked"), closed.message)
    if raw.execute("SELECT 1 FROM decisions WHERE org_id = ? AND intent_id = ?", (intent.org_id, intent.event_id)).fetchone():
        return inactive("used", "The intent was decided before.")
    if intent.exposure != "extensionOnly":
        return inactive("blocked", "This card's details are not released this way.")
    card_status = "closed" if intent.closes_at is not None and intent.closes_at <= now else intent.card_status
    blocked = blocked_reason(intent.user_status, intent.agent_status, card_status)
    return None if blocked is None else inactive("blocked", blocked.message)


def _refused(raw: sqlite3.Connection, org_id: str, broker_id: str, intent: TokenRow | None, answer: Introspected, now: int) -> Introspected:
    facts = {"broker": broker_id, "intent": intent and intent.event_id, "reason": answer.reason, "at": "introspection"}
    record_raw(raw, now, "broker:intent:refused", org_id, facts)
    return answer


def _issue(raw: sqlite3.Connection, context: Context, intent: TokenRow, broker_id: str, now: int) -> Introspected:
    raw.execute("UPDATE intents SET bound_broker = ? WHERE id = ?", (broker_id, intent.event_id))
    subject = {"tokenHash": None, "accessEventId": None, "intentId": intent.event_id}
    signed = sign_facts(build_facts(raw, context, intent, subject, broker_id, now), context.keys.signing)
    facts_hash = hashlib.sha256(signed.encode()).digest()
    raw.execute(
        "INSERT OR IGNORE INTO intent_introspections (facts_hash, intent_id, broker_id, facts, issued_at) VALUES (?, ?, ?, ?, ?)",
        (facts_hash, intent.event_id, broker_id, signed, now),
    )
    facts = {
        "broker": broker_id, "intent": intent.event_id, "card": intent.card_id, "agent": intent.agent_id, "factsHash": b64u(facts_hash),
    }  # fmt: skip
    record_raw(raw, now, "broker:intent:introspected", intent.org_id, facts)
    return Introspected(active=True, reason=None, message=None, facts=signed)
