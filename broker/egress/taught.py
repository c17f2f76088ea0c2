"""``taught.json``: endpoints that a person taught. Written by the CLI at a person's word, read here.

A file that others may write is not read: whoever can add an entry can have a number sent anywhere.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from broker.core.errors import LedgerError
from broker.pki.files import write_private
from broker.protocol.egress import TaughtBy
from broker.protocol.processors import EncryptingFrames, Endpoint, TaughtEndpoint, taught_entries

FILE = "taught.json"
_MOST_HOSTS = 20


def read_taught(folder: Path) -> tuple[TaughtEndpoint, ...]:
    """The taught entries of `folder`; none when there is no file. Raises `LedgerError` for an unsafe or malformed one."""
    path = folder / FILE
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    if found.st_uid not in (os.getuid(), 0) or stat.S_IMODE(found.st_mode) & 0o022:
        raise LedgerError(500, "unsafe_file", f"{FILE} belongs to another user or is writable by others.", "Set its owner, and mode 0600.")
    try:
        return taught_entries.validate_json(path.read_bytes())
    except ValidationError:
        raise LedgerError(500, "bad_file", f"{FILE} does not hold valid entries.", "Mend or remove it, then teach again.") from None


def write_taught(folder: Path, entries: tuple[TaughtEndpoint, ...]) -> None:
    """Replace the taught entries of `folder`."""
    text = json.dumps([entry.wire() for entry in entries], indent=2)
    write_private(folder / FILE, text.encode() + b"\n")


def taught_by(entries: Iterable[Endpoint | EncryptingFrames]) -> TaughtBy | None:
    """Who taught `entries` last, and where they lead; None when nobody taught any of them."""
    taught = sorted((entry for entry in entries if isinstance(entry, TaughtEndpoint)), key=lambda entry: entry.confirmed_at)
    if not taught:
        return None
    hosts = dict.fromkeys(entry.host for entry in reversed(taught))
    return TaughtBy(by=taught[-1].confirmed_by, at=taught[-1].confirmed_at, hosts=tuple(hosts)[:_MOST_HOSTS])
