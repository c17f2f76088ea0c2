"""The broker does not run, no browser is paired, or none is connected: its worker sleeps or it is closed."""

from __future__ import annotations

from collections.abc import Iterator

from broker.admin import list_devices
from broker.core.errors import LedgerError
from broker.install.doctor.finding import Finding, Machine
from broker.install.doctor.processes import connections
from broker.install.running import serves

STOPPED = "broker-stopped"
NOT_PAIRED = "no-browser-paired"
NOT_CONNECTED = "no-browser-connected"


def check(machine: Machine) -> Iterator[Finding]:
    """Broker, pairing, connection: the first of them that is missing."""
    try:
        endpoints = machine.state.broker_endpoints()
    except LedgerError:
        endpoints = {}
    if not endpoints or not serves(int(endpoints["pid"])):
        yield Finding(STOPPED, "The broker does not run.", "ledgeros up")
    elif all(device.revoked_at is not None for device in list_devices(machine.state.path)):
        yield Finding(NOT_PAIRED, "No browser is paired with this broker.", "ledgeros pair")
    elif (machine.proc / "net" / "tcp").exists() and not connections(int(endpoints["channelPort"]), machine.proc):
        what = "No browser is connected: it is closed, or the extension's worker sleeps."
        yield Finding(NOT_CONNECTED, what, "Open the browser and click the LedgerOS icon.")
