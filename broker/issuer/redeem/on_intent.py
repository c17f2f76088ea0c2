"""A decision made before there was a token: what a redeem asks about its intent, and whether it may spend a further token."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from broker.core.errors import LedgerError
from broker.issuer.intents.services import OPEN, intent_refusal
from broker.issuer.redeem.closing import close_window
from broker.protocol.decision import Decision
from broker.protocol.outcomes import MEANINGS, MOST_REDEEMS, Outcome

_AGAIN = "Ask for a new approval."
_INTENT = """
SELECT t.status, t.expires_at, t.expected_amount,
  EXISTS (SELECT 1 FROM intent_introspections i WHERE i.facts_hash = :facts AND i.intent_id = t.id AND i.broker_id = :broker),
  EXISTS (SELECT 1 FROM decisions x WHERE x.device_id = :device AND x.nonce = :nonce AND x.release_id != :release)
FROM intents t WHERE t.id = :intent AND t.card_id = :card"""
_PRIOR = """
SELECT d.access_event_id, d.release_id, d.digest, d.passkey_id, d.grant_id, d.redeems, d.outcome, e.window_consumed_at, p.revoked_at
FROM decisions d JOIN access_events e ON e.id = d.access_event_id LEFT JOIN passkeys p ON p.id = d.passkey_id
WHERE d.org_id = ? AND (d.intent_id = ? OR d.release_id = ?)"""


class IntentRow(NamedTuple):
    """An intent as a redeem sees it."""

    status: str
    expires_at: int
    expected_amount: int
    facts_issued: int
    nonce_used: int


class Prior(NamedTuple):
    """The decision that spent a token of this intent before, with what became of it."""

    access_event_id: str
    release_id: str
    digest: bytes
    passkey_id: str | None
    grant_id: str | None
    redeems: int
    outcome: str | None
    window_consumed_at: int | None
    passkey_revoked_at: int | None


def find_intent(raw: sqlite3.Connection, decision: Decision, broker_id: str, facts: bytes) -> IntentRow | None:
    """The intent that the decision names, if it is of the decision's card."""
    values = {
        "facts": facts, "broker": broker_id, "device": decision.device_id, "nonce": decision.nonce, "release": decision.release_id,
        "intent": decision.intent_id, "card": decision.card_id,
    }  # fmt: skip
    row = raw.execute(_INTENT, values).fetchone()
    return IntentRow._make(row) if row else None


def find_prior(raw: sqlite3.Connection, org_id: str, decision: Decision) -> Prior | None:
    """The decision that was redeemed on this intent, or under this release, before."""
    row = raw.execute(_PRIOR, (org_id, decision.intent_id, decision.release_id)).fetchone()
    return Prior._make(row) if row else None


def standing_refusal(intent: IntentRow | None, now: int) -> LedgerError | None:
    """Whether the intent is open, and the decision was made on facts that LedgerOS issued about it."""
    if intent is None:
        return LedgerError(403, "decision_mismatch", "The decision is not about this release: intent_id.", _AGAIN)
    if not intent.facts_issued:
        return LedgerError(403, "facts_unknown", "What was shown is not what LedgerOS said about this intent.", _AGAIN)
    if intent.nonce_used:
        return LedgerError(403, "decision_replayed", "This decision was used before.", _AGAIN)
    return intent_refusal("expired" if intent.status in OPEN and intent.expires_at <= now else intent.status)


def retry_refusal(prior: Prior, digest: bytes) -> LedgerError | None:
    """Whether the decision may spend one more token: only the same one, after an outcome that brought no value to the page."""
    if prior.digest != digest:
        return LedgerError(403, "decision_replayed", "Another decision was redeemed on this intent.", "Create a new intent.")
    if prior.outcome is None or MEANINGS[Outcome(prior.outcome)].retry != "same decision" or prior.window_consumed_at is not None:
        return LedgerError(403, "decision_replayed", "This decision was used, and what it released may have been used too.", _AGAIN)
    if prior.redeems >= MOST_REDEEMS:
        return LedgerError(403, "decision_replayed", f"This decision was used {MOST_REDEEMS} times, which is the most.", _AGAIN)
    if prior.passkey_revoked_at is not None:
        return LedgerError(403, "bad_passkey", "The passkey of this decision was revoked.", _AGAIN)
    return None


def renew(raw: sqlite3.Connection, org_id: str, decision: Decision, prior: Prior, access_event_id: str, now: int) -> None:
    """Close the window that came to nothing and let the kept decision speak of the new token."""
    close_window(raw, prior.access_event_id, now, replaced_by=access_event_id)
    raw.execute(
        "UPDATE decisions SET access_event_id = ?, redeemed_at = ?, redeems = redeems + 1, outcome = NULL, outcome_fields = NULL,"
        " outcome_at = NULL WHERE org_id = ? AND release_id = ?",
        (access_event_id, now, org_id, decision.release_id),
    )
