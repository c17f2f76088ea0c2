"""A port that ``ledgeros up`` wants is held by something else, or a file is where the egress's socket has to be."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from broker.core.errors import LedgerError
from broker.egress.settings import usual_socket
from broker.install.doctor.finding import Finding, Machine
from broker.install.doctor.processes import listener, listens
from broker.install.running import serves

NAME = "port-taken"
SOCKET = "socket-taken"


def check(machine: Machine) -> Iterator[Finding]:
    """Each port of a server that does not run yet must be free."""
    running = {"issuer": _runs(machine, "issuer"), "broker": _runs(machine, "broker")}
    for port in machine.ports:
        if running[port.server] or not listens(port.number, machine.proc):
            continue
        process = listener(port.number, machine.proc)
        holder, cure = (str(process), f"kill {process.pid}") if process else ("another person's process", f"ledgeros up {port.option} 0")
        yield Finding(NAME, f"Port {port.number}, which ledgeros up wants, is taken by {holder}.", cure)
    socket = usual_socket(machine.state.path)
    if socket.exists() and not socket.is_socket():
        yield Finding(SOCKET, "A file is where the egress's socket has to be.", f"rm {shlex.quote(str(socket))}")


def _runs(machine: Machine, server: str) -> bool:
    try:
        endpoints = machine.state.issuer_endpoints() if server == "issuer" else machine.state.broker_endpoints()
    except LedgerError:
        return False
    return serves(int(endpoints["pid"]))
