"""The signature counter of a passkey, moved on inside the write job that relies on the signature."""

from __future__ import annotations

import sqlite3

from broker.core.errors import LedgerError

_ADVANCE = "UPDATE passkeys SET sign_count = ? WHERE id = ? AND revoked_at IS NULL AND sign_count < ?"
_COUNTS_NOTHING = "SELECT 1 FROM passkeys WHERE id = ? AND revoked_at IS NULL AND sign_count = 0"


def advance(raw: sqlite3.Connection, passkey_id: str, count: int) -> LedgerError | None:
    """Move the counter on; a clone of the authenticator falls behind and is refused, and so is a revoked passkey.

    A synced passkey counts nothing, its counter stays at zero: nothing is written for it.
    """
    if count == 0:
        good = raw.execute(_COUNTS_NOTHING, (passkey_id,)).fetchone() is not None
    else:
        good = raw.execute(_ADVANCE, (count, passkey_id, count)).rowcount == 1
    if good:
        return None
    return LedgerError(403, "bad_passkey", "The passkey's signature was used before.", "Approve again with an enrolled passkey.")
