"""A file of the state folder does not hold what was written there: whatever reads it cannot go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from broker.channel.identity import load_channel_key
from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError
from broker.egress import account_file, keys, taught
from broker.install.doctor.finding import Finding, Machine
from broker.install.egress import SETTINGS, read_settings
from broker.install.identities import identities
from broker.install.installer import read_record, record_file
from broker.install.layout import StateFolder
from broker.pki.profile import Roles
from broker.state import BrokerState
from broker.storage.damage import check_database

NAME = "file-damaged"


def check(machine: Machine) -> Iterator[Finding]:
    """Read every file that is there, as its owner does."""
    for file, read in _readers(machine.state):
        if not file.exists():
            continue
        try:
            with suppress(OSError, sqlite3.OperationalError):  # who may not read a file cannot say what is in it
                read()
        except DamagedFileError as error:
            yield Finding(NAME, error.message, error.hint or "")
        except LedgerError:  # another check's business
            continue


def _readers(state: StateFolder) -> Iterator[tuple[Path, Callable[[], object]]]:
    """File → what reads it; none of these writes where there is one."""
    broker, egress = BrokerState(state.path), state.egress
    yield record_file(state), partial(read_record, state)
    yield state.pki.path / "identities.json", partial(identities, state)
    yield state.pki.ca_file, partial(state.pki.certificate, None)
    for role in Roles:
        yield state.pki.certificate_file(role), partial(state.pki.certificate, role)
    yield broker.identity_file, broker.identity
    yield broker.issuer_file, broker.issuer_url
    yield broker.channel_key, partial(load_channel_key, broker.channel_key)
    yield broker.endpoints, state.broker_endpoints
    yield state.issuer / "endpoints.json", state.issuer_endpoints
    yield egress / "endpoints.json", state.egress_endpoints
    yield egress / SETTINGS, partial(read_settings, state)
    yield egress / taught.FILE, partial(taught.read_taught, egress)
    yield egress / account_file.FILE, partial(account_file.read_shops, egress)
    yield egress / keys.FILE, partial(keys.load_or_make, egress)
    for database in (state.issuer / "issuer.db", broker.database):
        yield database, partial(check_database, database)
