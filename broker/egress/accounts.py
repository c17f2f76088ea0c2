"""Which merchant account a shop is paid through, so that its page cannot send the card to somebody else's.

The page names the account (a publishable key, a path segment); a page that was tampered with could
name another one at the same processor. The first account that worked for a shop is remembered, as a
keyed hash, and another one is refused until a person forgets the old.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

from broker.core.canonical import b64u
from broker.core.state_files import read_object
from broker.pki.files import write_private

FILE = "accounts.json"
_CURE = "Put back a copy of it. Without it, the next account of every shop is taken as its own."


class Accounts:
    """The remembered accounts of one state folder."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path = folder / FILE
        self._key = hmac.digest(key, b"ledgeros/egress-accounts/v1", "sha256")
        self._known: dict[str, str] = read_object(self._path, cure=_CURE) if self._path.exists() else {}

    def check(self, origin: str, entry_id: str, account: str) -> bool | None:
        """True for the remembered account, False for another one, None when this shop has none yet."""
        known = self._known.get(f"{origin} {entry_id}")
        return None if known is None else hmac.compare_digest(known, self._hash(account))

    def remember(self, origin: str, entry_id: str, account: str) -> None:
        """Take `account` as this shop's."""
        self._known[f"{origin} {entry_id}"] = self._hash(account)
        write_private(self._path, json.dumps(self._known, indent=2, sort_keys=True).encode())

    def _hash(self, account: str) -> str:
        return b64u(hmac.digest(self._key, account.encode(), hashlib.sha256))
