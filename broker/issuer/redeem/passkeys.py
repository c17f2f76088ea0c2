"""The signature counter of a passkey, moved on inside the write job that relies on the signature."""

from __future__ import annotations

import sqlite3

from broker.core.errors import LedgerError

_ADVANCE = (
    "UPDATE passkeys SET sign_count = ? WHERE id = ? AND revoked_at IS NULL AND (sign_count < ? OR (sign_count = 0 AND ? = 0)) RETURNING id"
)


def advance(raw: sqlite3.Connection, passkey_id: str, count: int) -> LedgerError | None:
    """Move the counter on; a clone of the authenticator falls behind and is refused, and so is a revoked passkey."""
    if raw.execute(_ADVANCE, (count, passkey_id, count, count)).fetchone():
        return None
    return LedgerError(403, "bad_passkey", "The passkey's signature was used before.", "Approve again with an enrolled passkey.")
