"""How releases ended, as brokers report it: kept once; what was denied, stopped, withdrawn or never sent authorises nothing any more."""

from __future__ import annotations

import json
import sqlite3

from broker.core.errors import LedgerError
from broker.core.logs import mask_numbers
from broker.core.text import plain_text
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.context import Context
from broker.issuer.events.services import record_raw
from broker.issuer.redeem import denials
from broker.issuer.redeem.lookup import organisation_of
from broker.issuer.redeem.on_intent import close_window
from broker.issuer.redeem.signatures import PublicKeys
from broker.protocol.issuer_api import CloseWindow, ReportOutcome
from broker.protocol.outcomes import Outcome
from broker.storage import Transaction

# What voids a token, and what becomes of its intent.
_VOIDED = {Outcome.DENIED: "rejected", Outcome.STOPPED: "rejected", Outcome.WITHDRAWN: "canceled"}
_NEVER_SENT = (Outcome.SWAP_NOT_SEEN, Outcome.EGRESS_UNAVAILABLE)  # the number did not leave the egress: no charge can come of it
_CLOSING = (Outcome.STOPPED, Outcome.WITHDRAWN, *_NEVER_SENT)
_NOT_FOUND = (404, "access_event_not_found", "There is no such release of this broker.", "Check the id.")


async def report_outcome(context: Context, keys: PublicKeys, broker_id: str, body: ReportOutcome) -> None:
    """Keep how a release ended: once for a redeemed one. A denial voids the token or intent; a stop or withdrawal closes the window too.

    So does the end of a release in surrogate mode whose number was never sent. A person's denial is told as theirs only when their
    browser signed it.
    """
    now, evidence = context.now(), denials.examine(keys, body)
    fields = [mask_numbers(plain_text(field, 40)) for field in body.fields[:20]]

    def job(tx: Transaction) -> LedgerError | None:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        if not _is_brokers(tx.raw, body, org_id, broker_id):
            return LedgerError(*_NOT_FOUND)
        word = denials.judge(tx.raw, body, org_id, broker_id, evidence, now, context.settings.clock_skew_seconds * 1000)
        _void(tx.raw, body, "withdrawn_by_agent" if word is None else word.reason, now)
        news = _keep_outcome(tx.raw, body, broker_id, fields, now)
        if word is not None and (news or word.unproven is None):  # a person may stop what an earlier token's outcome was told of
            denials.record_word(tx.raw, body, org_id, broker_id, word, now)
        if not news:
            return None
        facts = {
            "broker": broker_id, "release": body.release_id, "accessEvent": body.access_event_id, "intent": body.intent_id,
            "outcome": body.outcome.value, "fields": fields,
        }  # fmt: skip
        record_raw(tx.raw, now, "broker:release:reported", org_id, facts)
        return None

    await context.write(job)


def _is_brokers(raw: sqlite3.Connection, body: ReportOutcome, org_id: str, broker_id: str) -> bool:
    """Whether every id in the report is one that this broker introspected."""
    given = [("access_events", body.access_event_id), ("intents", body.intent_id)]
    queries = {table: f"SELECT 1 FROM {table} WHERE id = ? AND org_id = ? AND bound_broker = ?" for table, _ in given}  # noqa: S608
    found = [raw.execute(queries[table], (id_, org_id, broker_id)).fetchone() is not None for table, id_ in given if id_ is not None]
    return bool(found) and all(found)


def _void(raw: sqlite3.Connection, body: ReportOutcome, reason: str, now: int) -> None:
    if body.outcome in _CLOSING and body.access_event_id is not None:
        _close(raw, body.access_event_id, now)
    if body.outcome not in _VOIDED:
        return
    token = "UPDATE access_events SET status = 'denied', denied_reason = ? WHERE id = ? AND status = 'granted'"
    raw.execute(token, (reason, body.access_event_id))
    intent = "UPDATE intents SET status = ?, decided_at = ? WHERE id = ? AND status IN ('pending_approval', 'pending')"
    raw.execute(intent, (_VOIDED[body.outcome], now, body.intent_id))


def _keep_outcome(raw: sqlite3.Connection, body: ReportOutcome, broker_id: str, fields: list[str], now: int) -> bool:
    """Whether this report is news."""
    of_release = "access_event_id = ? AND broker_id = ? AND release_id = ?"  # a token that was denied once may be asked about again
    named = (body.access_event_id, broker_id, body.release_id)
    if raw.execute(f"SELECT 1 FROM decisions WHERE {of_release}", named).fetchone() is None:  # noqa: S608
        return True
    keep = f"UPDATE decisions SET outcome = ?, outcome_fields = ?, outcome_at = ? WHERE {of_release} AND outcome IS NULL RETURNING 1"  # noqa: S608
    return raw.execute(keep, (body.outcome.value, json.dumps(fields), now, *named)).fetchone() is not None


async def close_release_window(context: Context, broker_id: str, body: CloseWindow) -> None:
    """Close the window of a release of this broker; closing it again changes nothing, a used one is 409."""
    now = context.now()

    def job(tx: Transaction) -> LedgerError | None:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        query = "SELECT window_consumed_at FROM access_events WHERE id = ? AND org_id = ? AND redeemed_by = ? AND window_id IS NOT NULL"
        row = tx.raw.execute(query, (body.access_event_id, org_id, broker_id)).fetchone()
        if row is None:
            return LedgerError(*_NOT_FOUND)
        if row[0] is not None:
            return LedgerError(409, "window_used", "A charge used this window already.", "Ask the merchant to reverse it.")
        _close(tx.raw, body.access_event_id, now)
        return None

    await context.write(job)


def _close(raw: sqlite3.Connection, access_event_id: str, now: int) -> None:
    closed = close_window(raw, access_event_id, now)
    if closed is not None:
        org_id, window, card = closed
        record_raw(raw, now, "broker:window:closed", org_id, {"window": window, "card": card, "accessEvent": access_event_id})
