"""``ledgeros up``: LedgerOS, the broker and the egress as processes that start, run and end together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from broker.core.errors import LedgerError
from broker.core.state_files import read_object
from broker.install.layout import StateFolder, clone_root
from broker.install.running import only_supervisor, serves

_STOP_SECONDS = 8.0
_LOOK_SECONDS = 0.005
_WATCH_SECONDS = 0.1
_stop_requested = threading.Event()
START_SECONDS = 60.0
"""A limit for busy machines, not a wait."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers listen on loopback; 0 takes a free port."""

    public: int
    redeem: int
    agents: int


class Server:
    """One server process: it loads its code at once and starts at `go`. `log` holds what it says."""

    def __init__(self, name: str, state: StateFolder, endpoints: Path, *ports: int) -> None:
        self.name = name
        self.log = state.path / "logs" / f"{name}.log"
        self._endpoints = endpoints
        command = [sys.executable, "-P", "-m", "broker.install.server", name, str(state.path), str(os.getpid()), *map(str, ports)]
        with _fresh_log(self.log) as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=output, env=_environment(), start_new_session=True
            )
        assert self.process.stdin is not None
        self._stdin: IO[bytes] = self.process.stdin

    def go(self) -> None:
        """Let it open its files and listen."""
        with suppress(BrokenPipeError), self._stdin:  # a broken pipe: it ended already, and `fault` says why
            self._stdin.write(b"\n")

    def endpoints(self) -> dict[str, Any] | None:
        """What it announced, once it is ready; what an earlier process left does not count."""
        if not self._endpoints.exists():
            return None
        found = read_object(self._endpoints)
        return found if found.get("pid") == self.process.pid else None

    def ended(self) -> bool:
        """Whether the process is over."""
        return self.process.poll() is not None

    def fault(self) -> LedgerError:
        """Why it ended, in its own words when it said them."""
        name = {"issuer": "LedgerOS", "broker": "The broker", "egress": "The egress"}[self.name]
        try:
            said = json.loads(self.log.read_text().strip().splitlines()[-1])
            return LedgerError(500, str(said["code"]), str(said["message"]), said["hint"])
        except (OSError, ValueError, LookupError, TypeError):
            return LedgerError(500, "server_ended", f"{name} ended unexpectedly.", f"Read {self.log}")

    def stop(self) -> None:
        """Ask it to end, wait, and kill it only when it does not."""
        if not self.ended():
            self.process.terminate()
        self._stdin.close()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class StopRequestedError(Exception):
    """SIGINT or SIGTERM came."""


Told = Callable[[str, dict[str, Any]], None]


@contextmanager
def up(state: StateFolder, ports: Ports, told: Told) -> Iterator[list[Server]]:
    """Start all and wait until they are ready; leaving the block stops them, LedgerOS last.

    `told` is called with name and endpoints as each becomes ready. Raises `LedgerError` when the state
    folder is in use or a server does not start, and `StopRequestedError` on SIGINT and SIGTERM.
    """
    state.make()
    with only_supervisor(state), _signals_noted():
        _refuse_other_servers(state)
        servers: list[Server] = []
        try:
            # All at once: the broker asks the others when it needs them, and again when they were not there.
            # They load their code while this process sees to the certificates.
            servers.append(Server("issuer", state, state.issuer / "endpoints.json", ports.public, ports.redeem))
            servers.append(Server("broker", state, state.broker / "endpoints.json", ports.agents))
            if sys.platform == "linux":  # elsewhere the kernel does not say who connects to it: direct mode only
                servers.append(Server("egress", state, state.egress / "endpoints.json"))
            _make_certificates(state)
            for server in servers:
                server.go()
            _wait_until_ready(servers, told)
            yield servers
        finally:
            _ignore_signals()  # a second Ctrl-C must not leave half of it running
            for server in reversed(servers):
                server.stop()


def watch(servers: list[Server]) -> None:
    """Block until a server ends, which is a `LedgerError`, or a signal comes, which is `StopRequestedError`."""
    while True:
        _stop_when_asked()
        for server in servers:
            if server.ended():
                raise server.fault()
        time.sleep(_WATCH_SECONDS)


def _make_certificates(state: StateFolder) -> None:
    from broker.install import certificates  # X.509 takes its time to load

    certificates.initialise(state)


def _wait_until_ready(servers: list[Server], told: Told) -> None:
    waiting = list(servers)
    deadline = time.monotonic() + START_SECONDS
    while waiting:
        _stop_when_asked()
        for server in servers:
            if server.ended():
                raise server.fault()
        for server in list(waiting):
            endpoints = server.endpoints()
            if endpoints is not None:
                waiting.remove(server)
                told(server.name, endpoints)
        if time.monotonic() > deadline:
            raise LedgerError(500, "not_ready", f"Not ready after {START_SECONDS:.0f} s: {waiting[0].name}.", f"Read {waiting[0].log}")
        time.sleep(_LOOK_SECONDS)


def _refuse_other_servers(state: StateFolder) -> None:
    for name, folder in (("LedgerOS", state.issuer), ("A broker", state.broker), ("An egress", state.egress)):
        file = folder / "endpoints.json"
        pid = read_object(file).get("pid") if file.exists() else None
        if isinstance(pid, int) and serves(pid):
            raise LedgerError(
                409, "already_running", f"{name} already runs on this state folder: process {pid}.", f"Stop it first: kill {pid}"
            )


def _fresh_log(path: Path) -> Any:
    path.parent.mkdir(exist_ok=True, mode=0o700)
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _environment() -> dict[str, str]:
    kept = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(clone_root()), kept]))}


@contextmanager
def _signals_noted() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    _stop_requested.clear()
    before = {number: signal.signal(number, _note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _note(number: int, frame: FrameType | None) -> None:
    _stop_requested.set()


def _stop_when_asked() -> None:
    # Asked for at places of our own: an exception out of a signal handler may come up in the middle of anybody's code.
    if _stop_requested.is_set():
        raise StopRequestedError
