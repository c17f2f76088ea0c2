"""``taught.json``: endpoints that a person taught. Written by the CLI at a person's word, read here.

A file that others may write is not read: whoever can add an entry can have a number sent anywhere.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from pydantic import ValidationError

from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError
from broker.pki.files import write_private
from broker.protocol.processors import TaughtEndpoint, taught_entries

FILE = "taught.json"


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
        raise DamagedFileError(path, "Mend or remove it, then teach again.") from None


def write_taught(folder: Path, entries: tuple[TaughtEndpoint, ...]) -> None:
    """Replace the taught entries of `folder`."""
    text = json.dumps([entry.wire() for entry in entries], indent=2)
    write_private(folder / FILE, text.encode() + b"\n")
