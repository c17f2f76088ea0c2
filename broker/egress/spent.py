"""Which decisions have been armed, kept on disk: a killed and restarted egress must not pay twice.

A decision is claimed when it is armed, not when it pays, so that no disk is waited for while the
page waits for its payment. It is given back when it is disarmed unused. One empty file per decision,
named by its end of life and digest, made exclusively: of two claims, in whatever processes, one wins.
Files whose decision has ended are removed at the next start.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_SUBFOLDER = "spent"
_NAME = re.compile(r"([0-9]{1,20})\.[0-9a-f]+")


class Spent:
    """The claimed decisions of one state folder."""

    def __init__(self, folder: Path, now_ms: int) -> None:
        self._folder = folder / _SUBFOLDER
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.iterdir():
            ours = _NAME.fullmatch(path.name)
            if ours and int(ours[1]) < now_ms:
                path.unlink()

    def claim(self, digest: bytes, expires_at: int) -> bool:
        """Mark a decision claimed, durably; False when it was already."""
        try:
            descriptor = os.open(self._path(digest, expires_at), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return False
        os.close(descriptor)
        self._sync()
        return True

    def give_back(self, digest: bytes, expires_at: int) -> None:
        """Undo a claim under which nothing was sent."""
        self._path(digest, expires_at).unlink(missing_ok=True)

    def _path(self, digest: bytes, expires_at: int) -> Path:
        return self._folder / f"{expires_at}.{digest.hex()}"

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
