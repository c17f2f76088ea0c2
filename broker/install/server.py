"""One server process of ``ledgeros up``: ``python -m broker.install.server issuer|broker|egress STATE SUPERVISOR PORT…``.

Apart from the command line so that it starts without loading one. It loads its code, then waits for a
byte on standard input: until then it has opened nothing of the state folder. A fault that is expected
ends it with one JSON line on standard error, for the supervisor to say; it also ends when the supervisor does.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from broker.core.errors import LedgerError

_PR_SET_PDEATHSIG = 1
_CERTIFICATES = "SSL_CERT_FILE"  # OpenSSL's name for it
_OPTIONS = {"issuer": ("--port", "--broker-port"), "broker": ("--agent-port",), "egress": ()}


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    name, state, supervisor, *ports = arguments
    _end_with(int(supervisor))
    try:
        _run(name, Path(state), [int(port) for port in ports])
    except LedgerError as error:
        return _tell(error)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _tell(_taken(name, Path(state), [int(port) for port in ports]))
    return 0


def _taken(name: str, state: Path, ports: list[int]) -> LedgerError:
    from broker.egress.settings import usual_socket
    from broker.install.ports import port_taken

    if name == "egress":
        socket = usual_socket(state)
        return LedgerError(409, "socket_taken", "The egress's socket cannot be made: another file is in its place.", f"Remove it: {socket}")
    return port_taken(dict(zip(ports, _OPTIONS[name], strict=True)))


def _run(name: str, state: Path, ports: list[int]) -> None:
    with _quick_imports():
        start = {"issuer": _issuer, "broker": _broker, "egress": _egress}[name](state, ports)
    if sys.stdin.buffer.read(1):  # nothing: `up` ended before it said go
        start()


@contextmanager
def _quick_imports() -> Iterator[None]:
    """Leave out what libraries do while they are imported and no server needs: a quarter of the start."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # structlog would load it, for a console that is none here
    # aiohttp would read every public CA, for sessions that bring no TLS context of their own; all of ours do.
    certificates = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    gc.disable()  # imports make no garbage
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        del os.environ[_CERTIFICATES]
        if certificates is not None:
            os.environ[_CERTIFICATES] = certificates


def _issuer(state: Path, ports: list[int]) -> Callable[[], None]:
    from broker.issuer.app import run
    from broker.issuer.settings import IssuerSettings

    return lambda: run(state, IssuerSettings(public_port=ports[0], broker_port=ports[1]))


def _broker(state: Path, ports: list[int]) -> Callable[[], None]:
    from broker.app import BrokerSettings, run

    return lambda: run(state, BrokerSettings(agent_port=ports[0]))


def _egress(state: Path, ports: list[int]) -> Callable[[], None]:
    from broker.egress.app import run
    from broker.install.egress import read_settings
    from broker.install.layout import StateFolder

    folder = StateFolder(state)
    return lambda: run(read_settings(folder), folder.egress / "endpoints.json")


def _tell(error: LedgerError) -> int:
    sys.stderr.write(json.dumps({"code": error.code, "message": error.message, "hint": error.hint}) + "\n")
    return 1


def _end_with(supervisor: int) -> None:
    # Even a killed `up` leaves nothing behind (Linux; elsewhere its ordinary end has to do).
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
