"""What a person at this machine may do with a broker's state folder, whether the broker runs or not.

Each function opens the database for one step and closes it; a running broker sees the change at its
next look. Nothing here approves a release, and nothing here enrols anything without a code that a
signed-in person made in LedgerOS's dashboard.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from broker import tlog
from broker.agent_api import Agent, AgentDirectory
from broker.agent_api.credentials import NewAgent
from broker.audit import Event, read_events, record, verify_events
from broker.channel import Device, DeviceDirectory, PairingDesk
from broker.core.clock import SystemClock
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory
from broker.issuer_client import IssuerClient, IssuerRefusedError, IssuerUnavailableError
from broker.pki.contexts import client_context
from broker.pki.profile import Roles
from broker.protocol.agent_api import Release
from broker.protocol.issuer_api import BrokerEnrolled, EnrolBroker
from broker.releases.store import all_releases
from broker.state import BrokerState
from broker.storage import Database

_CLOCK = SystemClock()
_IDS = IdFactory(_CLOCK)


def add_agent(state_dir: Path, name: str) -> NewAgent:
    """A new agent; its ``bt_…`` credential is in the answer and nowhere else."""
    with _database(state_dir) as database:
        return AgentDirectory(database, _CLOCK, _IDS).add(name)


def list_agents(state_dir: Path) -> list[Agent]:
    """Every agent, oldest first."""
    with _database(state_dir) as database:
        return AgentDirectory(database, _CLOCK, _IDS).all()


def revoke_agent(state_dir: Path, agent_id: str) -> None:
    """Revoke an agent, effective at its next request; `LedgerError` 404 when there is none such."""
    with _database(state_dir) as database:
        if not AgentDirectory(database, _CLOCK, _IDS).revoke(agent_id):
            raise LedgerError(404, "not_found", "There is no such agent, or it was revoked before.", "List them: ledgeros agents list")


def create_pairing_code(state_dir: Path) -> str:
    """A code to type into the extension: ten minutes, one use, five tries."""
    with _database(state_dir) as database:
        return PairingDesk(database, _CLOCK, _IDS).create_code()


def list_devices(state_dir: Path) -> list[Device]:
    """Every paired browser, oldest first."""
    with _database(state_dir) as database:
        return DeviceDirectory(database, _CLOCK).all()


def revoke_device(state_dir: Path, device_id: str) -> None:
    """Unpair a browser, effective at its next message; `LedgerError` 404 when there is none such."""
    with _database(state_dir) as database:
        if not DeviceDirectory(database, _CLOCK).revoke(device_id):
            raise LedgerError(404, "not_found", "There is no such browser, or it was revoked before.", "List them: ledgeros devices list")


def list_releases(state_dir: Path, limit: int = 50) -> list[Release]:
    """Releases of every agent, newest first."""
    with _database(state_dir) as database:
        return database.read_now(lambda connection: all_releases(connection, limit))


def list_events(state_dir: Path, after: int = 0, limit: int | None = None) -> list[tlog.Entry]:
    """The broker's access-event log above sequence number `after`, oldest first."""
    with _database(state_dir) as database:
        return database.read_now(lambda connection: read_events(connection, after, limit))


def verify_log(state_dir: Path) -> tuple[int, bytes]:
    """Recompute the broker's event chain; its head, or ``tlog.ChainBrokenError``."""
    with _database(state_dir) as database:
        return database.read_now(verify_events)


def enrol_broker(state_dir: Path, code: str) -> BrokerEnrolled:
    """Finish this broker's enrolment with a code from LedgerOS's dashboard; `LedgerError` says why it did not work."""
    state = BrokerState(state_dir)
    request = EnrolBroker.read({"code": code.strip(), "name": state.identity().name})
    enrolled = asyncio.run(_enrol(state, request))
    with _database(state_dir) as database:
        facts = {"brokerId": enrolled.broker_id, "organisation": enrolled.organisation_name}
        database.write_now(lambda transaction: record(transaction, _CLOCK.now_ms(), Event("person:broker:enrolled", facts)))
    return enrolled


async def _enrol(state: BrokerState, request: EnrolBroker) -> BrokerEnrolled:
    url = state.issuer_url()
    try:
        async with IssuerClient(lambda: url, client_context(state.pki, Roles.BROKER_CLIENT)) as issuer:
            return await issuer.enrol_broker(request)
    except IssuerRefusedError as error:
        raise LedgerError(error.status, error.code or "refused", error.message, "Make a new code in the dashboard.") from None
    except IssuerUnavailableError as error:
        raise LedgerError(503, "issuer_unavailable", f"{error}.", "Start LedgerOS, then try again.") from None


def _database(state_dir: Path) -> Database:
    return BrokerState(state_dir).open_database()
