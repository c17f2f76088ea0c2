"""Files in the egress's folder that say where a number may go: who else may write one may send it anywhere, so it is not read then."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from broker.core.errors import LedgerError

Stamp = tuple[int, int, int]


def read_owned(path: Path) -> bytes | None:
    """The bytes of `path`, or None when there is no such file. Raises `LedgerError` for one that others may write."""
    try:
        found = path.stat()
        others = found.st_uid not in (os.getuid(), 0) or stat.S_IMODE(found.st_mode) & 0o022
        if not others:
            return path.read_bytes()
    except FileNotFoundError:
        return None
    except PermissionError:
        pass  # made by root, for whom nobody else may read it
    cure = f"Set its owner, and mode 0600: {path}"
    raise LedgerError(500, "unsafe_file", f"{path.name} belongs to another user or is writable by others.", cure)


def stamp_of(path: Path) -> Stamp | None:
    """What changes when the file is written anew, or given another owner or mode; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino
