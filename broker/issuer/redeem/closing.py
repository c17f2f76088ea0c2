"""A window that authorises nothing any more, by a broker's word: it closes with its event, or not at all."""

from __future__ import annotations

import sqlite3

from broker.issuer.details.tables import OPEN_WINDOW
from broker.issuer.events.services import record_raw

_CLOSE = f"UPDATE access_events SET window_closed_at = ? WHERE id = ? AND {OPEN_WINDOW} RETURNING org_id, window_id, card_id"  # noqa: S608


def close_window(raw: sqlite3.Connection, access_event_id: str, now: int, replaced_by: str | None = None) -> None:
    """Close the unused window of an access event; one that is used or closed already stays as it is.

    `replaced_by` is the access event whose window opens in its place.
    """
    row = raw.execute(_CLOSE, (now, access_event_id)).fetchone()
    if row is not None:
        facts = {"window": row[1], "card": row[2], "accessEvent": access_event_id, "replacedBy": replaced_by}
        record_raw(raw, now, "broker:window:closed", row[0], facts)
