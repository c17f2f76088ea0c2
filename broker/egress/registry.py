"""The registry as this process uses it: the bundled entries and what was taught, filtered by mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from broker.core.errors import LedgerError
from broker.egress.destination import Destination
from broker.egress.owned_file import Stamp, stamp_of
from broker.egress.taught import FILE, read_taught, told_of
from broker.protocol.decision import Seen
from broker.protocol.processors import (
    Account,
    EncryptingFrames,
    Endpoint,
    TaughtEndpoint,
    bundled_processors,
    entries_for_page,
    framed_by,
    host_matches,
)


class Registry:
    """Looks endpoints up; reads ``taught.json`` again when it changes."""

    def __init__(self, folder: Path, *, sandbox: bool) -> None:
        self._folder = folder
        self._known = tuple(entry for entry in bundled_processors() if sandbox or not entry.sandbox_only)
        self._stamp: Stamp | None = None
        self._taught: tuple[TaughtEndpoint, ...] = ()
        self._sandbox = sandbox

    def ids(self) -> tuple[str, ...]:
        """The ids of all entries."""
        return tuple(entry.id for entry in (*self._known, *self._current_taught()))

    def endpoints(self, destination: Destination, method: str, seen: Seen) -> list[Endpoint]:
        """The endpoints that a request to `destination` from a checkout that was approved as `seen` may be.

        Only entries that speak about that checkout; what a person taught comes first.
        """
        there = tuple(
            entry
            for entry in (*self._current_taught(), *self._known)
            if isinstance(entry, Endpoint) and entry.matches(destination.host, destination.path, method)
        )
        return [
            self._naming_accounts(entry)
            for entry in entries_for_page(there, seen.origin, seen.frame_origins, sandbox=self._sandbox)
            if isinstance(entry, Endpoint) and (not entry.first_party or destination.origin == seen.origin)
        ]

    def encrypts(self, frame_origin: str) -> bool:
        """Whether card fields in frames of `frame_origin` encrypt the number inside the browser."""
        return any(isinstance(entry, EncryptingFrames) and framed_by(entry, frame_origin) for entry in self._known)

    def about(self, origin: str, frame_origins: tuple[str, ...]) -> tuple[Endpoint | EncryptingFrames, ...]:
        """The entries that speak about a checkout at `origin` with card fields in frames of `frame_origins`."""
        return entries_for_page((*self._current_taught(), *self._known), origin, frame_origins, sandbox=self._sandbox)

    def processor_of(self, entry: Endpoint) -> str:
        """Whose account a request of `entry` is for. A taught entry at a host of a bundled one goes by that one's processor."""
        return entry.processor or next((known.processor for known in self._at_host_of(entry) if known.processor), entry.host)

    def unnamed(self, entry: Endpoint) -> tuple[Account, ...]:
        """Where a bundled entry's host would take an account, and the lesson of a taught `entry` had none, for it would be pinned."""
        named = {(account.where, account.name) for account in entry.accounts}
        named |= {("header", name) for name in entry.headers}
        return tuple(place for place in self._accounts_there(entry) if place.claim is None and (place.where, place.name) not in named)

    def processors_at(self, origin: str) -> set[str]:
        """The processors that `origin` is known to pay through, whatever its page shows: a person taught it, or it is its own."""
        return {self.processor_of(entry) for entry in self.about(origin, ()) if isinstance(entry, Endpoint)}

    def _naming_accounts(self, entry: Endpoint) -> Endpoint:
        """A taught entry says nothing of accounts; at a bundled entry's host that one knows where a request names them."""
        if entry.accounts or not isinstance(entry, TaughtEndpoint):
            return entry
        return entry.model_copy(update={"accounts": self._accounts_there(entry)})

    def _accounts_there(self, entry: Endpoint) -> tuple[Account, ...]:
        alike = next((known for known in self._at_host_of(entry) if known.content_type == entry.content_type), None)
        return tuple(account for account in alike.accounts if account.where != "path") if alike else ()

    def _at_host_of(self, entry: Endpoint) -> Iterator[Endpoint]:
        return (known for known in self._known if isinstance(known, Endpoint) and host_matches(known.host, entry.host))

    def _current_taught(self) -> tuple[TaughtEndpoint, ...]:
        stamp = stamp_of(self._folder / FILE)
        if stamp != self._stamp:
            self._taught, self._stamp = _safely_taught(self._folder), stamp
        return self._taught


def _safely_taught(folder: Path) -> tuple[TaughtEndpoint, ...]:
    try:
        return told_of(read_taught(folder))
    except LedgerError:
        return ()  # `ledgeros teach` and the start of this process say what is wrong with it
