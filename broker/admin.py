"""What a person at this machine may do with a broker's state folder, whether the broker runs or not.

Each function opens the database for one step and closes it; a running broker sees the change at its
next look. Nothing here approves a release, and nothing here enrols anything without a code that a
signed-in person made in LedgerOS's dashboard.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeVar

from broker import tlog
from broker.agent_api import Agent, AgentDirectory
from broker.agent_api.credentials import NewAgent
from broker.audit import Event, read_events, record
from broker.channel import Device, DeviceDirectory, PairingDesk
from broker.core.canonical import b64u
from broker.core.clock import SystemClock
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory
from broker.issuer_client import IssuerClient, IssuerRefusedError, IssuerUnavailableError
from broker.pki.contexts import client_context
from broker.pki.profile import Roles
from broker.protocol.agent_api import Release
from broker.protocol.issuer_api import BrokerEnrolled, EgressEnrolled, EnrolBroker, EnrolEgress
from broker.protocol.processors import TaughtEndpoint
from broker.protocol.proof import check_proof, code_id, make_proof, proof_key
from broker.releases import rows
from broker.state import BrokerState
from broker.storage import Database

_CLOCK = SystemClock()
_IDS = IdFactory(_CLOCK)

T = TypeVar("T")


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
        return database.read_now(lambda connection: rows.all_releases(connection, limit))


def unfinished_releases(state_dir: Path) -> list[Release]:
    """Releases of every agent that have not ended, newest first."""
    with _database(state_dir) as database:
        return database.read_now(rows.unfinished_releases)


def note_checkout(state_dir: Path, what: Literal["taught", "forgotten"], entry: TaughtEndpoint) -> None:
    """Record that a person taught the egress how a checkout pays, or had it forgotten."""
    facts = {"entryId": entry.id, "origin": entry.origin, "destination": f"{entry.host}{entry.path}", "confirmedBy": entry.confirmed_by}
    with _database(state_dir) as database:
        database.write_now(lambda transaction: record(transaction, _CLOCK.now_ms(), Event(f"person:checkout:{what}", facts)))


def list_events(state_dir: Path, after: int = 0, limit: int | None = None) -> list[tlog.Entry]:
    """The broker's access-event log above sequence number `after`, oldest first."""
    with _database(state_dir) as database:
        return database.read_now(lambda connection: read_events(connection, after, limit))


def enrol_broker(state_dir: Path, code: str) -> BrokerEnrolled:
    """Finish this broker's enrolment with a code from LedgerOS's dashboard; `LedgerError` says why it did not work."""
    state = BrokerState(state_dir)
    request = EnrolBroker.read({"code": code.strip(), "name": state.identity().name})
    enrolled = asyncio.run(_at_ledgeros(state, lambda issuer: issuer.enrol_broker(request)))
    with _database(state_dir) as database:
        facts = {"brokerId": enrolled.broker_id, "organisation": enrolled.organisation_name}
        database.write_now(lambda transaction: record(transaction, _CLOCK.now_ms(), Event("person:broker:enrolled", facts)))
    return enrolled


def enrol_egress(state_dir: Path, code: str, public_key: bytes) -> EgressEnrolled:
    """Enrol an egress's raw X25519 `public_key` with a code from LedgerOS's dashboard; `LedgerError` says why it did not work."""
    state = BrokerState(state_dir)
    try:
        key = proof_key(code, "enrolment")
    except ValueError as error:
        raise LedgerError(422, "bad_code", f"That is not an enrolment code: {error}.", "Make a new code in the dashboard.") from None
    body = {"codeId": code_id(key), "name": state.identity().name, "sealingKey": b64u(public_key), "nonce": b64u(secrets.token_bytes(16))}
    request = EnrolEgress.read({**body, "proof": make_proof(key, "egress", body)})
    enrolled = asyncio.run(_at_ledgeros(state, lambda issuer: issuer.enrol_egress(request)))
    answer = {field: value for field, value in enrolled.wire().items() if field != "proof"}
    if not check_proof(key, "issuer", {"request": request.wire(), "answer": answer}, enrolled.proof):
        hint = "Revoke the key in the dashboard, then check who answers at LedgerOS's address."
        raise LedgerError(502, "bad_proof", "LedgerOS's answer does not prove the code.", hint)
    with _database(state_dir) as database:
        facts = {"egressId": enrolled.egress_id, "keyId": enrolled.key_id, "organisation": enrolled.organisation_name}
        database.write_now(lambda transaction: record(transaction, _CLOCK.now_ms(), Event("person:egress:enrolled", facts)))
    return enrolled


async def _at_ledgeros(state: BrokerState, call: Callable[[IssuerClient], Awaitable[T]]) -> T:
    url = state.issuer_url()
    try:
        async with IssuerClient(lambda: url, client_context(state.pki, Roles.BROKER_CLIENT)) as issuer:
            return await call(issuer)
    except IssuerRefusedError as error:
        new_code = "Make a new code in the dashboard, Brokers & browsers."
        hint = "Enrol it first: ledgeros broker enrol" if error.code == "broker_not_enrolled" else new_code
        raise LedgerError(error.status, error.code or "refused", error.message, hint) from None
    except IssuerUnavailableError as error:
        raise LedgerError(503, "issuer_unavailable", f"{error}.", "Start LedgerOS, then try again: ledgeros up") from None


def _database(state_dir: Path) -> Database:
    return BrokerState(state_dir).open_database()
