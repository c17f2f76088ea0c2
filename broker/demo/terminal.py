"""A command on a terminal of its own, and a person in front of it: reads what it says, types what it asks for."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from broker.core.errors import LedgerError
from broker.demo.processes import end_with_parent
from broker.install.layout import clone_root

_STOP_SECONDS = 15.0
_READ = 65_536
_COLUMNS = "200"


class Terminal:
    """One run of ``ledgeros WORDS``; use as an asynchronous context manager. `said` is all that it said so far."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self.said = ""
        self._news = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "broker.cli", *self._words,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=_as_from_a_terminal,
            env={**os.environ, "PYTHONPATH": str(clone_root()), "TERM": "dumb", "COLUMNS": _COLUMNS},
        )  # fmt: skip
        os.close(theirs)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        assert self._reading is not None
        await self._reading
        os.close(self._ours)

    async def reads(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Wait until something that was not read before matches `pattern`, and read up to there; `LedgerError` when it does not come."""
        try:
            async with asyncio.timeout(seconds), self._news:
                while not (match := re.search(pattern, self._unread)) and self._process.returncode is None:
                    await self._news.wait()
        except TimeoutError:
            match = None
        if match is None:
            raise LedgerError(500, "terminal", f"“{pattern}” was not said, but: {self.said.strip()[-600:]}")
        self._read_to += match.end()
        return match

    def types(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._ours, line.encode() + b"\n")

    def sends(self, number: signal.Signals) -> None:
        """Send the command a signal, as a terminal does that is closed."""
        self._process.send_signal(number)

    async def ends(self, seconds: float = 60.0) -> int:
        """Wait for the end of the command; its exit status."""
        status = await asyncio.wait_for(self._process.wait(), seconds)
        assert self._reading is not None
        await self._reading
        return status

    _read_to = 0

    @property
    def _unread(self) -> str:
        return self.said[self._read_to :]

    async def _read(self) -> None:
        while data := await asyncio.to_thread(_piece, self._ours):
            async with self._news:
                self.said += data.decode(errors="replace").replace("\r\n", "\n")
                self._news.notify_all()
        await self._process.wait()
        async with self._news:
            self._news.notify_all()


def _as_from_a_terminal() -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what was started in the background ignores it, and so would its children


def _piece(terminal: int) -> bytes:
    try:
        return os.read(terminal, _READ)
    except OSError:  # the other end is closed
        return b""


def browser_script(path: Path, command: Sequence[str]) -> Path:
    """A program that starts a browser: `command`, then what it is given itself."""
    path.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in command) + ' "$@"\n')
    path.chmod(0o700)
    return path
