"""Which merchant account a shop is paid through, so that its page cannot send the card to somebody else's.

The page names the account (a publishable key, a path segment); a page that was tampered with could
name another one, at the same processor or, with that one's frames, at another. The first that worked
for a shop is remembered, as a keyed hash, and any other is refused until a person agrees to it.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from broker.core.canonical import b64u
from broker.egress.account_file import FILE, Shops, editing, read_shops
from broker.egress.owned_file import Stamp, stamp_of


class Accounts:
    """The remembered accounts of one state folder; reads them again when a person changed them."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = hmac.digest(key, b"ledgeros/egress-accounts/v1", "sha256")
        self._stamp: Stamp | None = None
        self._shops: Shops = {}
        self.at("")  # an unsafe file stops the start, with words

    def at(self, origin: str) -> dict[str, str | None]:
        """The processors that `origin` pays through, each with its account's hash, or null where the next one is to be taken."""
        stamp = stamp_of(self._folder / FILE)
        if stamp != self._stamp:
            self._shops, self._stamp = read_shops(self._folder), stamp
        return self._shops.get(origin, {})

    def is_same(self, kept: str, account: str) -> bool:
        """Whether `kept` is the hash of `account`."""
        return hmac.compare_digest(kept, self._hash(account))

    def remember(self, origin: str, processor: str, account: str) -> None:
        """Take `account` as this shop's at `processor`, unless another has been taken meanwhile."""
        with editing(self._folder) as shops:
            shop = shops.setdefault(origin, {})
            shop[processor] = shop.get(processor) or self._hash(account)

    def _hash(self, account: str) -> str:
        return b64u(hmac.digest(self._key, account.encode(), hashlib.sha256))
