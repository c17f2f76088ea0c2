"""Who runs ``ledgeros up`` on a state folder, and ending it from elsewhere."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broker.core.errors import LedgerError
from broker.core.file_lock import try_lock
from broker.install.layout import StateFolder

_STOP_SECONDS = 20.0
_MODULES = ("broker.install.server", "broker.cli")


@contextmanager
def only_supervisor(state: StateFolder) -> Iterator[None]:
    """Hold the state folder for this process; `LedgerError` 409 names the one that holds it.

    The lock goes with the process, however it ends.
    """
    with _lock_file(state).open("a+") as file:
        if not try_lock(file):
            raise LedgerError(
                409, "already_up", f"LedgerOS is already up on this state folder: process {_holder(state)}.", "Stop it: ledgeros down"
            )
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid()}))
        file.flush()
        yield


def supervisor(state: StateFolder) -> int | None:
    """The process that runs ``ledgeros up`` on this folder; None when none does."""
    if not _lock_file(state).exists():
        return None
    with _lock_file(state).open("a+") as file:
        return None if try_lock(file) else _holder(state)


def down(state: StateFolder) -> int:
    """End what runs on this folder and wait for it; returns its process id. `LedgerError` 404 when nothing runs."""
    pid = supervisor(state)
    if pid is None:
        raise LedgerError(404, "not_up", "LedgerOS is not up on this state folder.", "Start it: ledgeros up")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while supervisor(state) == pid:
        if time.monotonic() > deadline:
            raise LedgerError(500, "still_up", f"Process {pid} has not ended yet.", f"End it: kill -9 {pid}")
        time.sleep(0.05)
    return pid


def serves(pid: int) -> bool:
    """Whether the process of that id is a server of ours: after a crash its id may be another program's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # not this person's
    command_line = Path("/proc") / str(pid) / "cmdline"
    if not command_line.exists():  # not Linux
        return True
    words = command_line.read_text(errors="replace").split("\0")
    return any(word in _MODULES or Path(word).name == "ledgeros" for word in words)


def _lock_file(state: StateFolder) -> Path:
    return state.path / "up.lock"


def _holder(state: StateFolder) -> int | None:
    try:
        return int(json.loads(_lock_file(state).read_text())["pid"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
