"""A Chromium of our own: an empty profile that goes away, driven through a pipe that no other process can reach."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FLAGS = ("--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-sync", "--disable-background-networking")
_READ, _WRITE = 3, 4  # the descriptors on which Chromium reads commands and writes answers
_ABOVE = 10
_STOP_SECONDS = 8.0


class Pipe:
    """The DevTools protocol over two pipes: JSON, each message ended by a zero byte."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._ids = itertools.count(1)

    def send(self, method: str, session: str | None = None, **parameters: Any) -> int:
        """Write one command; its number. ``BrokenPipeError`` when the browser is gone."""
        number = next(self._ids)
        command = {"id": number, "method": method, "params": parameters, **({} if session is None else {"sessionId": session})}
        data = memoryview(json.dumps(command).encode() + b"\0")
        while data:
            data = data[os.write(self._commands, data) :]
        return number

    def messages(self) -> Iterator[dict[str, Any]]:
        """Answers and events as they come, until the browser is closed."""
        rest = b""
        while data := os.read(self._answers, 65_536):
            *whole, rest = (rest + data).split(b"\0")
            yield from map(json.loads, whole)


@dataclass(frozen=True, slots=True)
class Browser:
    """A running one: the way to it, and the profile that was made for it."""

    pipe: Pipe
    profile: Path


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Start it; leaving the block ends it and removes its profile."""
    sandbox = () if os.geteuid() else ("--no-sandbox",)  # as root Chromium starts with no other
    with tempfile.TemporaryDirectory(prefix="ledgeros-teach-", ignore_cleanup_errors=True) as profile:
        theirs_read, commands = _high(os.pipe())
        answers, theirs_write = _high(os.pipe())
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            (os.POSIX_SPAWN_DUP2, theirs_read, _READ),
            (os.POSIX_SPAWN_DUP2, theirs_write, _WRITE),
        ]
        words = [path, f"--user-data-dir={profile}", *_FLAGS, *sandbox, "about:blank"]
        pid = os.posix_spawn(path, words, os.environ, file_actions=actions, setpgroup=0)
        os.close(theirs_read)
        os.close(theirs_write)
        try:
            yield Browser(Pipe(commands, answers), Path(profile))
        finally:
            os.close(commands)
            os.close(answers)
            _end(pid)


def _high(ends: tuple[int, int]) -> tuple[int, int]:
    """The same pipe on descriptors that are not the two that Chromium wants."""
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _end(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                # Its helpers may outlive it for a moment, and write into the profile that is about to go.
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                return
            time.sleep(0.05)
