"""Plain SQL of the redeem path: one query reads everything that decides."""

from __future__ import annotations

import sqlite3

from broker.issuer.redeem.checks import Standing, TokenRow
from broker.issuer.transactions.spend import LimitSet, ceilings
from broker.protocol.decision import Decision

_COLUMNS = """
e.id, e.org_id, e.card_id, e.agent_id, e.status, e.expires_at, e.bound_broker, e.redeemed_by, e.expected_amount,
  e.expected_currency, e.merchant_key, e.origin, c.status, c.closes_at, c.exposure, c.last4, c.max_amount, c.per_auth, c.per_day,
  c.per_month, c.expiration_month, c.expiration_year, c.kek_version, c.wrapped_key, c.number_ciphertext, a.status, a.spending_limit,
  a.spending_limit_frequency, u.id, u.application_status, u.credit_limit, u.first_name || ' ' || u.last_name, o.approval, o.step_up_above,
  e.intent_id"""

_JOINED = """
FROM access_events e JOIN cards c ON c.id = e.card_id JOIN agents a ON a.id = e.agent_id JOIN users u ON u.id = c.user_id
  JOIN organisations o ON o.id = e.org_id"""

_TOKEN = f"SELECT {_COLUMNS} {_JOINED} WHERE e.token_hash = ?"

_ATTEMPT = f"""
SELECT {_COLUMNS}, d.org_id, d.sealing_key, d.sealing_key_id,
  EXISTS (SELECT 1 FROM introspections i WHERE i.facts_hash = :facts AND i.access_event_id = e.id AND i.broker_id = :broker),
  EXISTS (SELECT 1 FROM decisions x WHERE x.org_id = e.org_id AND x.release_id = :release)
    OR EXISTS (SELECT 1 FROM decisions x WHERE x.device_id = :device AND x.nonce = :nonce),
  EXISTS (SELECT 1 FROM merchant_links l WHERE l.org_id = e.org_id AND l.merchant_key = e.merchant_key AND l.origin = :origin),
  (SELECT b.org_id FROM brokers b WHERE b.id = :broker AND b.revoked_at IS NULL)
{_JOINED} LEFT JOIN devices d ON d.id = :device AND d.revoked_at IS NULL
WHERE e.token_hash = :token"""  # noqa: S608
_TOKEN_FIELDS = len(TokenRow._fields)


_INTENT = """
SELECT t.id, t.org_id, t.card_id, t.agent_id, t.status, t.expires_at, t.bound_broker, NULL, t.expected_amount,
  t.expected_currency, t.merchant_key, NULL, c.status, c.closes_at, c.exposure, c.last4, c.max_amount, c.per_auth, c.per_day,
  c.per_month, c.expiration_month, c.expiration_year, c.kek_version, c.wrapped_key, c.number_ciphertext, a.status, a.spending_limit,
  a.spending_limit_frequency, u.id, u.application_status, u.credit_limit, u.first_name || ' ' || u.last_name, o.approval, o.step_up_above,
  t.id
FROM intents t JOIN cards c ON c.id = t.card_id JOIN agents a ON a.id = t.agent_id JOIN users u ON u.id = c.user_id
  JOIN organisations o ON o.id = t.org_id WHERE t.id = ?"""


def find_intent_as_token(raw: sqlite3.Connection, intent_id: str) -> TokenRow | None:
    """An intent in the shape of a token: `event_id` is its id, `status` an intent's."""
    row = raw.execute(_INTENT, (intent_id,)).fetchone()
    return TokenRow._make(row) if row else None


def find_token(raw: sqlite3.Connection, token_hash: bytes) -> TokenRow | None:
    """The token with that hash and everything it belongs to."""
    row = raw.execute(_TOKEN, (token_hash,)).fetchone()
    return TokenRow._make(row) if row else None


def find_attempt(
    raw: sqlite3.Connection, token_hash: bytes, broker_id: str, facts: bytes, decision: Decision
) -> tuple[TokenRow, Standing] | None:
    """The token and how device and decision stand to it: everything a redeem asks the database, at once."""
    values = {
        "token": token_hash, "broker": broker_id, "facts": facts, "device": decision.device_id, "release": decision.release_id,
        "nonce": decision.nonce, "origin": decision.seen.origin,
    }  # fmt: skip
    row = raw.execute(_ATTEMPT, values).fetchone()
    return (TokenRow._make(row[:_TOKEN_FIELDS]), Standing._make(row[_TOKEN_FIELDS:])) if row else None


def organisation_of(raw: sqlite3.Connection, broker_id: str) -> str | None:
    """The organisation an enrolled, unrevoked broker acts for."""
    row = raw.execute("SELECT org_id FROM brokers WHERE id = ? AND revoked_at IS NULL", (broker_id,)).fetchone()
    return row[0] if row else None


def remaining(raw: sqlite3.Connection, token: TokenRow, now: int) -> int:
    """The most this card may still authorise: the least of all limits."""
    limits = LimitSet(
        token.max_amount, token.per_auth, token.per_day, token.per_month, token.agent_limit, token.agent_frequency, token.credit_limit
    )
    return min(ceilings(raw, token.card_id, token.agent_id, token.user_id, limits, now).values())
