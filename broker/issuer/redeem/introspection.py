"""What is this token, or this intent? Signed facts for the extension; nothing is consumed, what is unbound is bound."""

from __future__ import annotations

import hashlib
import sqlite3

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.context import Context
from broker.issuer.events.services import record_raw
from broker.issuer.redeem import alarms
from broker.issuer.redeem.checks import TokenRow, token_refusal
from broker.issuer.redeem.facts import build_facts, inactive
from broker.issuer.redeem.intent_introspection import introspect_intent
from broker.issuer.redeem.lookup import find_token, organisation_of
from broker.protocol.facts import sign_facts
from broker.protocol.issuer_api import Introspect, Introspected
from broker.storage import Transaction

_REASONS = {"already_used": "used", "expired": "expired", "denied": "used", "wrong_broker": "wrong_broker"}


async def introspect(context: Context, broker_id: str, body: Introspect) -> Introspected:
    """Facts signed by LedgerOS, or why there are none; either way an event."""
    if (body.token is None) == (body.intent_id is None):
        raise LedgerError(400, "invalid_request", "Exactly one of token and intentId is needed.", "Send one of them.")
    if body.intent_id is not None:
        return await introspect_intent(context, broker_id, body.intent_id)
    now, token_hash = context.now(), secret_hash(body.token or "")

    def job(tx: Transaction) -> Introspected | LedgerError:
        org_id = organisation_of(tx.raw, broker_id)
        token = find_token(tx.raw, token_hash, now)
        if token is not None and token.org_id != org_id:
            alarms.strayed(tx.raw, now, token, broker_id, "introspection")
            token = None
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        if token is None:
            record_raw(tx.raw, now, "broker:token:refused", org_id, {"broker": broker_id, "reason": "invalid_token", "at": "introspection"})
            return inactive("unknown", "LedgerOS does not know this token.")
        refusal = token_refusal(token, broker_id, now)
        if refusal is not None:
            _record_refusal(tx.raw, token, broker_id, refusal.code, now)
            return inactive(_REASONS.get(refusal.code, "blocked"), refusal.message)
        return _issue(tx.raw, context, token, token_hash, broker_id, now)

    return await context.write(job)


def _record_refusal(raw: sqlite3.Connection, token: TokenRow, broker_id: str, code: str, now: int) -> None:
    facts = {"broker": broker_id, "accessEvent": token.event_id, "reason": code, "at": "introspection"}
    if code == "wrong_broker":
        alarms.stolen(raw, now, token, facts)
    elif code == "already_used" and token.redeemed_by != broker_id:
        alarms.replayed(raw, now, token, facts)
    else:  # a broker that asks about its own spent token steals nothing
        record_raw(raw, now, "broker:token:refused", token.org_id, facts)


def _issue(raw: sqlite3.Connection, context: Context, token: TokenRow, token_hash: bytes, broker_id: str, now: int) -> Introspected:
    bind = "UPDATE access_events SET bound_broker = ? WHERE id = ? AND (bound_broker IS NULL OR bound_broker = ?) RETURNING id"
    if raw.execute(bind, (broker_id, token.event_id, broker_id)).fetchone() is None:
        return inactive("wrong_broker", "The token is bound to another broker.")
    subject = {"tokenHash": b64u(token_hash), "accessEventId": token.event_id, "intentId": None}
    signed = sign_facts(build_facts(raw, context, token, subject, broker_id, now), context.keys.signing)
    facts_hash = hashlib.sha256(signed.encode()).digest()
    raw.execute(
        "INSERT OR IGNORE INTO introspections (facts_hash, access_event_id, broker_id, facts, issued_at) VALUES (?, ?, ?, ?, ?)",
        (facts_hash, token.event_id, broker_id, signed, now),
    )
    facts = {
        "broker": broker_id, "accessEvent": token.event_id, "card": token.card_id, "agent": token.agent_id, "factsHash": b64u(facts_hash),
    }  # fmt: skip
    record_raw(raw, now, "broker:token:introspected", token.org_id, facts)
    return Introspected(active=True, reason=None, message=None, facts=signed)
