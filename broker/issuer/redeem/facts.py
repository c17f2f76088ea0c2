"""The facts of a token or an intent, as the extension will show them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from broker.core.text import plain_text
from broker.issuer.brokers.egress_keys import egress_key_ids
from broker.issuer.cards.numbers import BRAND
from broker.issuer.context import Context
from broker.issuer.grants.uses import in_force
from broker.issuer.redeem.checks import TokenRow
from broker.protocol.facts import Facts
from broker.protocol.issuer_api import Introspected

_MAX_LINKED = 20
_OWNERS = (
    " c.purpose, c.type, a.name, o.name, u.first_name || ' ' || u.last_name FROM {} s JOIN cards c ON c.id = s.card_id"
    " JOIN agents a ON a.id = s.agent_id JOIN organisations o ON o.id = s.org_id JOIN users u ON u.id = c.user_id WHERE s.id = ?"
)
_OF_TOKEN = "SELECT s.summary, s.merchant_text," + _OWNERS.format("access_events")
_OF_INTENT = "SELECT s.summary, s.expected_merchant," + _OWNERS.format("intents")


def build_facts(
    raw: sqlite3.Connection, context: Context, token: TokenRow, subject: Mapping[str, str | None], broker_id: str, now: int
) -> Facts:
    """Facts about `token`; `subject` has the members that name a token or an intent (`token.event_id` is the intent's id then)."""
    query = _OF_TOKEN if subject["intentId"] is None else _OF_INTENT
    summary, merchant_text, purpose, card_type, agent_name, organisation, user_name = raw.execute(query, (token.event_id,)).fetchone()
    linked = "SELECT origin FROM merchant_links WHERE org_id = ? AND merchant_key = ? ORDER BY linked_at DESC LIMIT ?"
    origins = tuple(row[0] for row in raw.execute(linked, (token.org_id, token.merchant_key, _MAX_LINKED)))
    return Facts.model_validate(
        {
            **subject, "issuedAt": now, "expiresAt": token.expires_at,
            "brokerId": broker_id, "organisationName": organisation, "userName": plain_text(user_name, 100), "agentId": token.agent_id,
            "agentName": agent_name, "cardId": token.card_id, "cardBrand": BRAND, "last4": token.last4, "cardPurpose": purpose,
            "cardType": card_type, "remaining": token.remaining, "maxAmount": token.max_amount, "summary": summary,
            "expectedAmount": token.expected_amount, "expectedCurrency": token.currency, "merchantText": merchant_text,
            "reason": token.reason, "origin": token.origin, "linkedOrigins": origins, "approval": token.approval,
            "stepUpAbove": token.step_up_above,
            "amountToleranceBasisPoints": context.settings.amount_tolerance_basis_points,
            "grants": in_force(raw, token.org_id, token.agent_id, now),
            "egressKeys": egress_key_ids(raw, token.org_id, broker_id),
        }
    )  # fmt: skip


def inactive(reason: str, message: str) -> Introspected:
    """Why there are no facts."""
    return Introspected.model_validate({"active": False, "reason": reason, "message": message, "facts": None})
