"""Whose word a denial is: the person's, when an enrolled browser signed it about what it was shown; otherwise the broker's alone.

A broker may end a release in any case, so its word voids token or intent as a person's does; the log and the reason say which it was.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from broker.core.canonical import b64u, unb64u
from broker.issuer.events.services import record_raw
from broker.issuer.redeem.signatures import Evidence, PublicKeys, device_organisation, prove
from broker.protocol.denial import Denial, Said
from broker.protocol.issuer_api import ReportOutcome
from broker.protocol.outcomes import Outcome

_SAID: dict[Outcome, Said] = {Outcome.DENIED: "denied", Outcome.STOPPED: "stopped"}
_TOKEN_FACTS = (
    "SELECT i.issued_at FROM introspections i JOIN access_events e ON e.id = i.access_event_id"
    " WHERE i.facts_hash = ? AND i.broker_id = ? AND e.id = ? AND e.token_hash = ?"
)
_INTENT_FACTS = "SELECT issued_at FROM intent_introspections WHERE facts_hash = ? AND broker_id = ? AND intent_id = ?"
_KEEP = (
    "INSERT OR IGNORE INTO denials (org_id, release_id, device_id, facts_hash, said, access_event_id, intent_id, broker_id, digest, signed,"
    " reported_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Word(NamedTuple):
    """What a report says of a person's no; `unproven` is why it is the broker's word alone, or None."""

    said: Said
    unproven: str | None

    @property
    def reason(self) -> str:
        """The access event's ``deniedReason``."""
        return f"{self.said}_by_person" if self.unproven is None else f"{self.said}_reported_by_broker"


def examine(keys: PublicKeys, report: ReportOutcome) -> Evidence | None:
    """Check the signature, outside the write job; None when there is none."""
    signed = report.denial
    return None if signed is None else prove(keys, signed.denial.device_id, signed.denial.digest(), signed.device_signature, None)


def judge(
    raw: sqlite3.Connection, report: ReportOutcome, org_id: str, broker_id: str, evidence: Evidence | None, now: int, skew_ms: int
) -> Word | None:
    """Whose word the report's denial is; None when it reports none."""
    said = _SAID.get(report.outcome)
    if said is None:
        return None
    if report.denial is None or evidence is None:
        return Word(said, "unsigned")
    denial = report.denial.denial
    if device_organisation(raw, denial.device_id) != org_id:
        return Word(said, "device_not_enrolled")
    if not evidence.device_signed:
        return Word(said, "bad_signature")
    if (denial.release_id, denial.said) != (report.release_id, said):
        return Word(said, "another_release")
    issued_at = _facts_issued(raw, report, broker_id, denial)
    if issued_at is None:
        return Word(said, "facts_unknown")
    return Word(said, None if issued_at - skew_ms <= denial.decided_at <= now + skew_ms else "clock_skew")


def _facts_issued(raw: sqlite3.Connection, report: ReportOutcome, broker_id: str, denial: Denial) -> int | None:
    """When the facts that were shown were issued to this broker, about the reported token or intent and no other."""
    facts = _bytes(denial.facts_hash)
    if denial.intent_id is None:
        row = raw.execute(_TOKEN_FACTS, (facts, broker_id, report.access_event_id, _bytes(denial.token_hash or ""))).fetchone()
    elif denial.token_hash is None and denial.intent_id == report.intent_id:
        row = raw.execute(_INTENT_FACTS, (facts, broker_id, denial.intent_id)).fetchone()
    else:
        row = None
    return row[0] if row else None


def _bytes(text: str) -> bytes:
    try:
        return unb64u(text)
    except ValueError:
        return b""


def record_word(raw: sqlite3.Connection, report: ReportOutcome, org_id: str, broker_id: str, word: Word, now: int) -> None:
    """Leave the event that names who said no; a signed denial is kept with it, and told once."""
    facts = {
        "broker": broker_id, "release": report.release_id, "accessEvent": report.access_event_id, "intent": report.intent_id,
        **_subject(raw, report),
    }  # fmt: skip
    if word.unproven is not None or report.denial is None:
        record_raw(raw, now, f"broker:release:{word.said}", org_id, {**facts, "unproven": word.unproven})
        return
    denial = report.denial.denial
    kept = (
        org_id, report.release_id, denial.device_id, _bytes(denial.facts_hash), denial.said, report.access_event_id, report.intent_id,
        broker_id, denial.digest(), report.denial.model_dump_json(by_alias=True), now,
    )  # fmt: skip
    if raw.execute(_KEEP, kept).rowcount == 1:
        proof = {"device": denial.device_id, "denial": b64u(denial.digest()), "decidedAt": denial.decided_at}
        record_raw(raw, now, f"person:release:{word.said}", org_id, {**facts, **proof})


def _subject(raw: sqlite3.Connection, report: ReportOutcome) -> dict[str, str]:
    table, name = ("access_events", report.access_event_id) if report.access_event_id is not None else ("intents", report.intent_id)
    card, agent = raw.execute(f"SELECT card_id, agent_id FROM {table} WHERE id = ?", (name,)).fetchone()  # noqa: S608
    return {"card": card, "agent": agent}
