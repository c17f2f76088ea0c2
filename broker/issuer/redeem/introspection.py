"""What is this token? Signed facts for the extension; nothing is consumed, an unbound token is bound."""

from __future__ import annotations

import hashlib
import sqlite3

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.core.text import plain_text
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.cards.numbers import BRAND
from broker.issuer.context import Context
from broker.issuer.events.services import record_raw
from broker.issuer.redeem.checks import TokenRow, token_refusal
from broker.issuer.redeem.lookup import find_token, organisation_of, remaining
from broker.protocol.facts import Facts, sign_facts
from broker.protocol.issuer_api import Introspect, Introspected
from broker.storage import Transaction

_REASONS = {"already_used": "used", "expired": "expired", "denied": "used", "wrong_broker": "wrong_broker"}
_MAX_LINKED = 20
_SHOWN = (
    "SELECT e.summary, e.merchant_text, c.purpose, c.type, a.name, o.name, u.first_name || ' ' || u.last_name FROM access_events e"
    " JOIN cards c ON c.id = e.card_id JOIN agents a ON a.id = e.agent_id JOIN organisations o ON o.id = e.org_id"
    " JOIN users u ON u.id = c.user_id WHERE e.id = ?"
)


async def introspect(context: Context, broker_id: str, body: Introspect) -> Introspected:
    """Facts signed by LedgerOS, or why there are none; either way an event."""
    now, token_hash = context.now(), secret_hash(body.token or "")

    def job(tx: Transaction) -> Introspected | LedgerError:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        token = find_token(tx.raw, token_hash)
        if token is None or token.org_id != org_id:
            record_raw(tx.raw, now, "broker:token:refused", org_id, {"broker": broker_id, "reason": "invalid_token", "at": "introspection"})
            return _inactive("unknown", "LedgerOS does not know this token.")
        refusal = token_refusal(token, broker_id, now)
        if refusal is not None:
            facts = {"broker": broker_id, "accessEvent": token.event_id, "reason": refusal.code, "at": "introspection"}
            record_raw(tx.raw, now, "broker:token:refused", org_id, facts)
            return _inactive(_REASONS.get(refusal.code, "blocked"), refusal.message)
        return _issue(tx.raw, context, token, token_hash, broker_id, now)

    return await context.write(job)


def _inactive(reason: str, message: str) -> Introspected:
    return Introspected.model_validate({"active": False, "reason": reason, "message": message, "facts": None})


def _issue(raw: sqlite3.Connection, context: Context, token: TokenRow, token_hash: bytes, broker_id: str, now: int) -> Introspected:
    bind = "UPDATE access_events SET bound_broker = ? WHERE id = ? AND (bound_broker IS NULL OR bound_broker = ?) RETURNING id"
    if raw.execute(bind, (broker_id, token.event_id, broker_id)).fetchone() is None:
        return _inactive("wrong_broker", "The token is bound to another broker.")
    signed = sign_facts(_facts(raw, context, token, token_hash, broker_id, now), context.keys.signing)
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


def _facts(raw: sqlite3.Connection, context: Context, token: TokenRow, token_hash: bytes, broker_id: str, now: int) -> Facts:
    summary, merchant_text, purpose, card_type, agent_name, organisation, user_name = raw.execute(_SHOWN, (token.event_id,)).fetchone()
    linked = "SELECT origin FROM merchant_links WHERE org_id = ? AND merchant_key = ? ORDER BY linked_at DESC LIMIT ?"
    origins = tuple(row[0] for row in raw.execute(linked, (token.org_id, token.merchant_key, _MAX_LINKED)))
    return Facts.model_validate(
        {
            "issuedAt": now, "tokenHash": b64u(token_hash), "accessEventId": token.event_id, "expiresAt": token.expires_at,
            "brokerId": broker_id, "organisationName": organisation, "userName": plain_text(user_name, 100), "agentId": token.agent_id,
            "agentName": agent_name, "cardId": token.card_id, "cardBrand": BRAND, "last4": token.last4, "cardPurpose": purpose,
            "cardType": card_type, "remaining": remaining(raw, token, now), "maxAmount": token.max_amount, "summary": summary,
            "expectedAmount": token.expected_amount, "expectedCurrency": token.currency, "merchantText": merchant_text,
            "origin": token.origin, "linkedOrigins": origins, "approval": token.approval, "stepUpAbove": token.step_up_above,
            "amountToleranceBasisPoints": context.settings.amount_tolerance_basis_points,
        }
    )  # fmt: skip
