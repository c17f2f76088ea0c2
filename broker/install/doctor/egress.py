"""Surrogate mode is not possible: a file of the egress cannot be used, it does not run, or LedgerOS does not know its key.

Direct mode works all the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing

from broker.audit import read_events
from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError
from broker.egress.account_file import read_shops
from broker.egress.keys import FILE, load_or_make
from broker.egress.taught import read_taught
from broker.install.doctor.finding import Finding, Machine
from broker.install.running import serves
from broker.protocol.sealing import key_id
from broker.state import BrokerState

STOPPED = "egress-stopped"
NOT_ENROLLED = "egress-not-enrolled"
FILE_UNUSABLE = "egress-file-unusable"


def check(machine: Machine) -> Iterator[Finding]:
    """What the egress goes by can be read. Beside a broker that runs there is an egress, whose present key was enrolled from here."""
    yield from _unusable_files(machine)
    if sys.platform != "linux" or not _broker_runs(machine):
        return
    if not _egress_runs(machine):
        yield Finding(STOPPED, "The egress does not run: payments work in direct mode only.", "ledgeros up", "caution")
    elif not _enrolled(machine):
        what = "LedgerOS does not know the egress's key: payments work in direct mode only."
        yield Finding(NOT_ENROLLED, what, "ledgeros egress enrol", "caution")


def _unusable_files(machine: Machine) -> Iterator[Finding]:
    for read in (read_taught, read_shops):
        try:
            read(machine.state.egress)
        except DamagedFileError:
            continue  # another check's business
        except LedgerError as error:
            yield Finding(FILE_UNUSABLE, f"{error.message} The egress pays nothing with it.", error.hint or "")


def _broker_runs(machine: Machine) -> bool:
    try:
        return serves(machine.state.broker_endpoints()["pid"])
    except LedgerError:
        return False


def _egress_runs(machine: Machine) -> bool:
    try:
        return serves(machine.state.egress_endpoints()["pid"])
    except LedgerError:
        return False


def _enrolled(machine: Machine) -> bool:
    if not (machine.state.egress / FILE).exists():
        return False
    mine = key_id(load_or_make(machine.state.egress).public_key().public_bytes_raw())
    with closing(BrokerState(machine.state.path).open_database()) as database:
        events = database.read_now(read_events)
    return any(event.name == "person:egress:enrolled" and event.facts.get("keyId") == mine for event in events)
