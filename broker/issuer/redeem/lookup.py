"""Plain SQL of the redeem path: one query reads everything that decides."""

from __future__ import annotations

import sqlite3

from broker.issuer.redeem.checks import Standing, TokenRow
from broker.issuer.transactions.spend import REMAINING, periods
from broker.protocol.decision import Decision

_OWNERS = f"""c.status, c.closes_at, c.exposure, c.last4, c.max_amount, {REMAINING} AS remaining,
  c.expiration_month, c.expiration_year, c.kek_version, c.wrapped_key, c.number_ciphertext, a.status, u.id, u.application_status,
  u.first_name || ' ' || u.last_name AS cardholder, o.approval, o.step_up_above"""

_COLUMNS = f"""
e.id, e.org_id, e.card_id, e.agent_id, e.status, e.expires_at, e.bound_broker, e.redeemed_by, e.expected_amount,
  e.expected_currency, e.merchant_key, e.reason, e.origin, {_OWNERS}, e.intent_id"""

_JOINED = """
FROM access_events e JOIN cards c ON c.id = e.card_id JOIN agents a ON a.id = e.agent_id JOIN users u ON u.id = c.user_id
  JOIN organisations o ON o.id = e.org_id"""

_TOKEN = f"SELECT {_COLUMNS} {_JOINED} WHERE e.token_hash = ?5"

# What is computed has a name: the driver reads the name of each column each time, which would be the whole expression.
# ?5 token, ?6 broker, ?7 facts, ?8 device, ?9 release, ?10 nonce, ?11 origin, ?12 passkey; by number: names are looked up each time.
_ATTEMPT = f"""
SELECT {_COLUMNS}, d.org_id, d.sealing_key, d.sealing_key_id,
  EXISTS (SELECT 1 FROM introspections i WHERE i.facts_hash = ?7 AND i.access_event_id = e.id AND i.broker_id = ?6) AS facts_issued,
  EXISTS (SELECT 1 FROM decisions x WHERE x.org_id = e.org_id AND x.release_id = ?9)
    OR EXISTS (SELECT 1 FROM decisions x WHERE x.device_id = ?8 AND x.nonce = ?10) AS decision_used,
  EXISTS (SELECT 1 FROM merchant_links l WHERE l.org_id = e.org_id AND l.merchant_key = e.merchant_key AND l.origin = ?11) AS origin_linked,
  (SELECT b.org_id FROM brokers b WHERE b.id = ?6 AND b.revoked_at IS NULL) AS broker_org,
  (SELECT address FROM billing_addresses WHERE user_id = u.id) AS billing,
  EXISTS (SELECT 1 FROM passkeys p WHERE p.id = ?12 AND p.revoked_at IS NULL AND p.sign_count = 0) AS passkey_idle
{_JOINED} LEFT JOIN devices d ON d.id = ?8 AND d.revoked_at IS NULL
WHERE e.token_hash = ?5"""  # noqa: S608
_TOKEN_FIELDS = len(TokenRow._fields)


_INTENT = f"""
SELECT e.id, e.org_id, e.card_id, e.agent_id, e.status, e.expires_at, e.bound_broker, NULL, e.expected_amount,
  e.expected_currency, e.merchant_key, e.reason, NULL, {_OWNERS}, e.id
FROM intents e JOIN cards c ON c.id = e.card_id JOIN agents a ON a.id = e.agent_id JOIN users u ON u.id = c.user_id
  JOIN organisations o ON o.id = e.org_id WHERE e.id = ?5"""  # noqa: S608


def find_intent_as_token(raw: sqlite3.Connection, intent_id: str, now: int) -> TokenRow | None:
    """An intent in the shape of a token: `event_id` is its id, `status` an intent's."""
    row = raw.execute(_INTENT, (*periods(now), intent_id)).fetchone()
    return TokenRow._make(row) if row else None


def find_token(raw: sqlite3.Connection, token_hash: bytes, now: int) -> TokenRow | None:
    """The token with that hash and everything it belongs to."""
    row = raw.execute(_TOKEN, (*periods(now), token_hash)).fetchone()
    return TokenRow._make(row) if row else None


def find_attempt(
    raw: sqlite3.Connection, token_hash: bytes, broker_id: str, facts: bytes, decision: Decision, passkey_id: str | None, now: int
) -> tuple[TokenRow, Standing] | None:
    """The token and how device, passkey and decision stand to it: everything a redeem asks the database, at once."""
    values = (
        *periods(now), token_hash, broker_id, facts, decision.device_id, decision.release_id, decision.nonce, decision.seen.origin,
        passkey_id,
    )  # fmt: skip
    row = raw.execute(_ATTEMPT, values).fetchone()
    return (TokenRow._make(row[:_TOKEN_FIELDS]), Standing._make(row[_TOKEN_FIELDS:])) if row else None


def organisation_of(raw: sqlite3.Connection, broker_id: str) -> str | None:
    """The organisation an enrolled, unrevoked broker acts for."""
    row = raw.execute("SELECT org_id FROM brokers WHERE id = ? AND revoked_at IS NULL", (broker_id,)).fetchone()
    return row[0] if row else None
