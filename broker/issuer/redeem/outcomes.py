"""How releases ended, as brokers report it: the first word counts; what was denied, stopped or withdrawn authorises nothing any more."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from broker.core.errors import LedgerError
from broker.core.logs import mask_numbers
from broker.core.text import plain_text
from broker.issuer.brokers.services import NOT_ENROLLED
from broker.issuer.context import Context
from broker.issuer.events.services import record_raw
from broker.issuer.redeem import denials
from broker.issuer.redeem.closing import close_window
from broker.issuer.redeem.lookup import organisation_of
from broker.issuer.redeem.signatures import PublicKeys
from broker.protocol.issuer_api import CloseWindow, ReportOutcome
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.storage import Transaction

# What voids a token, and what becomes of its intent.
_VOIDED = {
    Outcome.DENIED: "rejected",
    Outcome.STOPPED: "rejected",
    Outcome.WITHDRAWN: "canceled",
    Outcome.ISSUER_UNAVAILABLE: "canceled",  # its redeem may still be on the way to us
}
_REASONS = {Outcome.WITHDRAWN: "withdrawn_by_agent", Outcome.ISSUER_UNAVAILABLE: "redeem_unanswered"}
_NEVER_SENT = (Outcome.SWAP_NOT_SEEN, Outcome.EGRESS_UNAVAILABLE)  # the number did not leave the egress: no charge can come of it
_CLOSING = (Outcome.STOPPED, Outcome.WITHDRAWN, Outcome.ISSUER_UNAVAILABLE, *_NEVER_SENT)
_NOT_FOUND = (404, "access_event_not_found", "There is no such release of this broker.", "Check the id.")
_SPENT = "SELECT release_id, access_event_id, outcome FROM decisions WHERE broker_id = ? AND (access_event_id = ? OR intent_id = ?)"
_WINDOW = "SELECT e.id, e.window_consumed_at FROM access_events e"
_MINE = "AND e.org_id = ? AND e.redeemed_by = ? AND e.window_id IS NOT NULL"


class _Spent(NamedTuple):
    """The decision that spent a token of what a report is about: whose it is, the last token it spent, and how that one ended."""

    release_id: str
    access_event_id: str
    outcome: str | None


async def report_outcome(context: Context, keys: PublicKeys, broker_id: str, body: ReportOutcome) -> None:
    """Keep how a release ended. A denial, stop or withdrawal voids the token or intent, an end of which no charge can come the window.

    The first word counts. A later one changes nothing, but that a window is closed which it says nothing may use. A person's denial is
    told as theirs only when their browser signed it.
    """
    now, evidence = context.now(), denials.examine(keys, body)
    fields = [mask_numbers(plain_text(field, 40)) for field in body.fields[:20]]

    def job(tx: Transaction) -> LedgerError | None:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        if not _is_brokers(tx.raw, body, org_id, broker_id):
            return LedgerError(*_NOT_FOUND)
        row = tx.raw.execute(_SPENT, (broker_id, body.access_event_id, body.intent_id)).fetchone()
        spent = _Spent._make(row) if row else None
        others = spent is not None and spent.release_id != body.release_id  # asked about again, and approved, as another release
        if not others:
            _close(tx.raw, body, spent, now)
        first = others or _is_first_word(body, spent)
        word = denials.judge(tx.raw, body, org_id, broker_id, evidence, now, context.settings.clock_skew_seconds * 1000)
        if word is not None and (first or word.unproven is None):  # a person may stop what an earlier token's outcome was told of
            denials.record_word(tx.raw, body, org_id, broker_id, word, now)
        if not first:
            return None
        if spent is not None and not others and spent.outcome is None:
            keep = "UPDATE decisions SET outcome = ?, outcome_fields = ?, outcome_at = ? WHERE access_event_id = ?"
            tx.raw.execute(keep, (body.outcome.value, json.dumps(fields), now, spent.access_event_id))
        reason = _REASONS.get(body.outcome, "") if word is None else word.reason
        intent_status = _void(tx.raw, body, reason, now, None if others else body.intent_id)
        facts = {
            "broker": broker_id, "release": body.release_id, "accessEvent": body.access_event_id, "intent": body.intent_id,
            "outcome": body.outcome.value, "fields": fields, "intentStatus": intent_status,
        }  # fmt: skip
        record_raw(tx.raw, now, "broker:release:reported", org_id, facts)
        return None

    await context.write(job)


def _is_brokers(raw: sqlite3.Connection, body: ReportOutcome, org_id: str, broker_id: str) -> bool:
    """Whether every id in the report is one that this broker introspected, and a token that it names is of the intent beside it."""
    given = [("access_events", body.access_event_id), ("intents", body.intent_id)]
    queries = {table: f"SELECT 1 FROM {table} WHERE id = ? AND org_id = ? AND bound_broker = ?" for table, _ in given}  # noqa: S608
    found = [raw.execute(queries[table], (id_, org_id, broker_id)).fetchone() is not None for table, id_ in given if id_ is not None]
    return bool(found) and all(found) and (len(found) == 1 or _belong(raw, body))


def _belong(raw: sqlite3.Connection, body: ReportOutcome) -> bool:
    query = "SELECT 1 FROM access_events WHERE id = ? AND intent_id = ?"
    return raw.execute(query, (body.access_event_id, body.intent_id)).fetchone() is not None


def _is_first_word(body: ReportOutcome, spent: _Spent | None) -> bool:
    """Whether nobody said yet how this ended: of a token its own end, of an intent alone also the end of all further tries."""
    if spent is None:
        return True
    if body.access_event_id not in (None, spent.access_event_id):
        return False  # of a token before the last one
    if spent.outcome is None:
        return True
    return body.access_event_id is None and MEANINGS[Outcome(spent.outcome)].retry == "same decision"


def _close(raw: sqlite3.Connection, body: ReportOutcome, spent: _Spent | None, now: int) -> None:
    opened = body.access_event_id or (spent and spent.access_event_id)
    if opened is not None and body.outcome in _CLOSING:
        close_window(raw, opened, now)


def _void(raw: sqlite3.Connection, body: ReportOutcome, reason: str, now: int, intent_id: str | None) -> str | None:
    """Let the outcome void a token that is not spent, and the intent `intent_id` if it is open: its new status then."""
    if body.outcome not in _VOIDED:
        return None
    token = "UPDATE access_events SET status = 'denied', denied_reason = ? WHERE id = ? AND status = 'granted'"
    raw.execute(token, (reason, body.access_event_id))
    intent = "UPDATE intents SET status = ?, decided_at = ? WHERE id = ? AND status IN ('pending_approval', 'pending')"
    changed = raw.execute(intent, (_VOIDED[body.outcome], now, intent_id)).rowcount == 1
    return _VOIDED[body.outcome] if changed else None


async def close_release_window(context: Context, broker_id: str, body: CloseWindow) -> None:
    """Close the window of a release of this broker; closing it again changes nothing, a used one is 409."""
    if (body.access_event_id is None) == (body.release_id is None):
        raise LedgerError(400, "invalid_request", "Exactly one of accessEventId and releaseId is needed.", "Send one of them.")
    now = context.now()

    def job(tx: Transaction) -> LedgerError | None:
        org_id = organisation_of(tx.raw, broker_id)
        if org_id is None:
            return LedgerError(*NOT_ENROLLED)
        row = tx.raw.execute(*_opened(body, org_id, broker_id)).fetchone()
        if row is None:
            return LedgerError(*_NOT_FOUND)
        if row[1] is not None:
            return LedgerError(409, "window_used", "A charge used this window already.", "Ask the merchant to reverse it.")
        close_window(tx.raw, row[0], now)
        return None

    await context.write(job)


def _opened(body: CloseWindow, org_id: str, broker_id: str) -> tuple[str, tuple[str | None, ...]]:
    """What finds the access event whose window is meant, and when a charge used it."""
    if body.access_event_id is not None:
        return f"{_WINDOW} WHERE e.id = ? {_MINE}", (body.access_event_id, org_id, broker_id)
    of_release = f"{_WINDOW} JOIN decisions d ON d.access_event_id = e.id WHERE d.org_id = ? AND d.release_id = ? {_MINE}"
    return of_release, (org_id, body.release_id, org_id, broker_id)
