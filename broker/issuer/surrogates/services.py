"""Draw a stand-in for a release, find the release of one that was charged, forget old ones. Plain SQL in the caller's write job."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from broker.core.errors import LedgerError
from broker.core.ids import Randomness
from broker.issuer.surrogates.numbers import new_surrogate

_MOST_DRAWS = 100
_HELD = "SELECT 1 FROM surrogates WHERE number = ? AND ends_at > ?"
_KEEP = "INSERT INTO surrogates (access_event_id, org_id, card_id, release_id, number, reserved_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_NEWEST = """
SELECT s.access_event_id, s.org_id, s.card_id, s.release_id, e.agent_id, c.user_id FROM surrogates s
  JOIN access_events e ON e.id = s.access_event_id JOIN cards c ON c.id = s.card_id
WHERE s.number = ? ORDER BY s.reserved_at DESC, s.access_event_id DESC LIMIT 1"""


class Reservation(NamedTuple):
    """The release that a stand-in was made for."""

    access_event_id: str
    org_id: str
    card_id: str
    release_id: str
    agent_id: str
    user_id: str


def draw(raw: sqlite3.Connection, randomness: Randomness, last4: str, now: int) -> str | LedgerError:
    """A stand-in that no running release holds."""
    for _ in range(_MOST_DRAWS):
        number = new_surrogate(last4, randomness)
        if raw.execute(_HELD, (number, now)).fetchone() is None:
            return number
    return LedgerError(409, "no_surrogate", "Every stand-in for this card is in use.", "Try again in a quarter of an hour.")


def reserve(raw: sqlite3.Connection, number: str, release: Reservation, now: int, ends_at: int) -> None:
    """Let `number` stand in for `release`, alone until `ends_at` (Unix ms)."""
    raw.execute(_KEEP, (release.access_event_id, release.org_id, release.card_id, release.release_id, number, now, ends_at))


def find_reservation(raw: sqlite3.Connection, number: str) -> Reservation | None:
    """The newest release that `number` stood in for, ended or not."""
    row = raw.execute(_NEWEST, (number,)).fetchone()
    return Reservation._make(row) if row else None


def sweep(raw: sqlite3.Connection, ended_before: int, limit: int) -> None:
    """Forget reservations that ended before that time (Unix ms)."""
    raw.execute(
        "DELETE FROM surrogates WHERE access_event_id IN (SELECT access_event_id FROM surrogates WHERE ends_at < ? LIMIT ?)",
        (ended_before, limit),
    )
