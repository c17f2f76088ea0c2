"""Child processes: started with their secrets on standard input, watched, and ended with the demo."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.core.errors import LedgerError
from broker.install.layout import clone_root

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 8.0
START_SECONDS = 60.0  # a limit for busy machines, not a wait
_LINE_LIMIT = 1_000_000


@dataclass(slots=True)
class Child:
    """One child process. `log` holds its standard error, and its standard output where nobody reads it."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    async def read_json(self, seconds: float) -> dict[str, Any]:
        """The next JSON line it prints; a `LedgerError` that names the log when it ends or stays silent."""
        assert self.process.stdout is not None
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), seconds)
            value = json.loads(line) if line else None
        except (TimeoutError, ValueError):
            value = None
        if not isinstance(value, dict):
            raise self.failure(f"The {self.name} did not answer.")
        return value

    def failure(self, what: str) -> LedgerError:
        """An error about this child that says where to look."""
        return LedgerError(500, "child_failed", what, f"Read {self.log}.")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, wait, and kill it only when it does not."""
        if self.running:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
        try:
            await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def start(name: str, module: list[str], log: Path, first_line: dict[str, Any] | None = None) -> Child:
    """Run ``python -m module…``; `first_line` is handed over as JSON on standard input."""
    reads_answer = first_line is not None
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", *module,
            stdin=asyncio.subprocess.PIPE if reads_answer else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if reads_answer else output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(clone_root())},
            limit=_LINE_LIMIT,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which ends its children in order
            preexec_fn=end_with_parent,
        )  # fmt: skip
    if first_line is not None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(first_line).encode() + b"\n")
        await process.stdin.drain()
    return Child(name, process, log)


async def wait_for_file(child: Child, path: Path, seconds: float = START_SECONDS) -> None:
    """Wait until `child` has written `path`; a `LedgerError` when it ends first or takes too long."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not path.exists():
        if not child.running or asyncio.get_running_loop().time() > deadline:
            raise child.failure(f"{child.name} did not start.")
        await asyncio.sleep(0.03)


def end_with_parent() -> None:
    """For a child, before it becomes its program: it gets SIGTERM when this process ends."""
    # Even a killed demo leaves nothing behind (Linux; elsewhere the ordinary clean-up has to do).
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
