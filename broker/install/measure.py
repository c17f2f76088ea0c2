"""What ``ledgeros up`` costs: seconds until all servers are ready, their CPU, their memory. Linux only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.core.errors import LedgerError
from broker.install.layout import StateFolder, clone_root

READY_SECONDS = 1.5
BROKER_MB = 90.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class StartCost:
    """Seconds from the start of the command until all servers are ready; CPU seconds of each until then; megabytes resident of each."""

    ready_seconds: float
    cpu_seconds: dict[str, float]
    resident_mb: dict[str, float]


@dataclass(frozen=True, slots=True)
class StartCosts:
    """The first start of a state folder, which makes certificates and databases, and a later one."""

    first: StartCost
    later: StartCost


def measure_start(folder: Path) -> StartCosts:
    """Run ``ledgeros up`` twice on free ports in `folder`, which is empty."""
    return StartCosts(first=_once(folder), later=_once(folder))


def _once(folder: Path) -> StartCost:
    began = time.monotonic()
    with _running(folder) as process:
        seconds = time.monotonic() - began
        state = StateFolder(folder)
        pids = {
            "up": process.pid,
            "LedgerOS": int(state.issuer_endpoints()["pid"]),
            "broker": int(state.broker_endpoints()["pid"]),
            "egress": int(state.egress_endpoints()["pid"]),
        }
        return StartCost(seconds, _each(pids, _cpu_seconds), _each(pids, _resident_mb))


@contextmanager
def _running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    ports = ("--port", "0", "--broker-port", "0", "--agent-port", "0")
    command = [sys.executable, "-P", "-m", "broker.cli", "--state", str(folder), "up", *ports]
    environment = {**os.environ, "PYTHONPATH": str(clone_root())}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if not any("Ready" in line for line in process.stdout):
                raise LedgerError(500, "not_ready", "ledgeros up ended before it was ready.", "Run it by hand and read what it says.")
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_STOP_SECONDS)


def _each(pids: dict[str, int], measured: Callable[[int], float]) -> dict[str, float]:
    return {name: round(measured(pid), 2) for name, pid in pids.items()}


def _cpu_seconds(pid: int) -> float:
    fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
