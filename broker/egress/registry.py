"""The registry as this process uses it: the bundled entries and what was taught, filtered by mode."""

from __future__ import annotations

from pathlib import Path

from broker.core.errors import LedgerError
from broker.core.origin import host_of
from broker.egress.destination import Destination
from broker.egress.taught import FILE, read_taught
from broker.protocol.processors import EncryptingFrames, Endpoint, TaughtEndpoint, bundled_processors, entries_for_page, framed_by


class Registry:
    """Looks endpoints up; reads ``taught.json`` again when it changes."""

    def __init__(self, folder: Path, *, sandbox: bool) -> None:
        self._folder = folder
        self._known = tuple(entry for entry in bundled_processors() if sandbox or not entry.sandbox_only)
        self._stamp: tuple[int, int] | None = None
        self._taught: tuple[TaughtEndpoint, ...] = ()
        self._sandbox = sandbox

    def ids(self) -> tuple[str, ...]:
        """The ids of all entries."""
        return tuple(entry.id for entry in (*self._known, *self._current_taught()))

    def endpoints(self, destination: Destination, method: str, top_origin: str) -> list[Endpoint]:
        """The endpoints that a request from a page of `top_origin` to `destination` may be."""
        entries = (*self._current_taught(), *(entry for entry in self._known if isinstance(entry, Endpoint)))
        return [
            entry
            for entry in entries
            if entry.matches(destination.host, destination.path, method)
            and (self._sandbox or not entry.sandbox_only)
            and _for_page(entry, destination, top_origin)
        ]

    def encrypts(self, frame_origin: str) -> bool:
        """Whether card fields in frames of `frame_origin` encrypt the number inside the browser."""
        return any(isinstance(entry, EncryptingFrames) and framed_by(entry, frame_origin) for entry in self._known)

    def about(self, origin: str, frame_origins: tuple[str, ...]) -> tuple[Endpoint | EncryptingFrames, ...]:
        """The entries that speak about a checkout at `origin` with card fields in frames of `frame_origins`."""
        return entries_for_page((*self._current_taught(), *self._known), origin, frame_origins, sandbox=self._sandbox)

    def _current_taught(self) -> tuple[TaughtEndpoint, ...]:
        path = self._folder / FILE
        found = path.stat() if path.exists() else None
        stamp = (found.st_mtime_ns, found.st_ino) if found else None
        if stamp != self._stamp:
            self._taught, self._stamp = _safely_taught(self._folder), stamp
        return self._taught


def _safely_taught(folder: Path) -> tuple[TaughtEndpoint, ...]:
    try:
        return read_taught(folder)
    except LedgerError:
        return ()  # `ledgeros teach` and the start of this process say what is wrong with it


def _for_page(entry: Endpoint, destination: Destination, top_origin: str) -> bool:
    if isinstance(entry, TaughtEndpoint) and entry.origin != top_origin:
        return False
    return not entry.first_party or (destination.origin == top_origin and host_of(top_origin) == destination.host)
