"""Rows of the releases table as others see them. No writes here."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, select

from broker.protocol.agent_api import Release
from broker.protocol.denial import SignedDenial
from broker.protocol.issuer_api import ReportOutcome
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.tables import releases

_SUBMIT = ("The form holds stand-ins for the card.", "Submit the form in the page; the real card goes in on the way.")
_GIVE_TOKEN = "Ask LedgerOS for card details with this intentId, then POST the detailsToken to /v1/releases/{id}/token."


def all_releases(connection: Connection, limit: int) -> list[Release]:
    """Every agent's releases, newest first: for the person at the machine."""
    query = select(releases).order_by(releases.c.created_at.desc(), releases.c.id.desc()).limit(limit)
    return [as_release(row) for row in connection.execute(query)]


def unfinished_releases(connection: Connection) -> list[Release]:
    """Every agent's releases that have not ended, newest first."""
    query = select(releases).where(releases.c.status != "finished").order_by(releases.c.created_at.desc(), releases.c.id.desc())
    return [as_release(row) for row in connection.execute(query)]


def as_release(row: Row[Any]) -> Release:
    """A row as the agent sees it."""
    outcome = None if row.outcome is None else Outcome(row.outcome)
    meaning = None if outcome is None else MEANINGS[outcome]
    waits = row.status == "approved" and row.intent_id is not None and row.token_hash is None
    message, next_step = (meaning.sentence, meaning.next_step) if meaning else (None, None)
    status = "paying" if row.status == "sending" else row.status
    if status == "paying":
        message, next_step = _SUBMIT
    return Release(
        id=row.id,
        status=status,
        outcome=outcome,
        message=row.detail or message,
        next_step=_GIVE_TOKEN if waits else next_step,
        card_id=row.card_id,
        last4=row.last4,
        origin=row.origin,
        mode=row.mode,
        fields=_fields(row),
        created_at=row.created_at,
        expires_at=row.expires_at,
        finished_at=row.finished_at,
        intent_id=row.intent_id,
        retry_at=row.retry_at,
    )


def report_in(row: Row[Any]) -> ReportOutcome:
    """What LedgerOS is told about the end of this release; the row has the `signed` denial that ended it, if one did."""
    return ReportOutcome(
        release_id=row.id,
        access_event_id=row.access_event_id,
        intent_id=row.intent_id,
        outcome=Outcome(row.outcome),
        fields=_fields(row),
        denial=None if row.signed is None else SignedDenial.model_validate_json(row.signed),
    )


def _fields(row: Row[Any]) -> tuple[str, ...]:
    return tuple(json.loads(row.fields))
