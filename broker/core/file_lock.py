"""One lock file, one holder: the same two calls on every system. The lock goes with the open file, and so with its process."""

from __future__ import annotations

import sys
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt

    def try_lock(file: IO[Any]) -> bool:
        """Take the lock of an open, writable file; False when another holder has it."""
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def wait_lock(file: IO[Any]) -> None:
        """Take the lock of an open, writable file, however long another holder keeps it."""
        while True:
            file.seek(0)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            except OSError:
                continue  # it gives up after ten seconds
            return

else:
    import fcntl

    def try_lock(file: IO[Any]) -> bool:
        """Take the lock of an open, writable file; False when another holder has it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def wait_lock(file: IO[Any]) -> None:
        """Take the lock of an open, writable file, however long another holder keeps it."""
        fcntl.flock(file, fcntl.LOCK_EX)
