"""What the operator of this machine may do with a state folder, while LedgerOS runs or not.

Owning the folder is the authority here. Nothing in this module enrols anything or approves a release.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from broker.core.card_number import Pan
from broker.core.clock import SystemClock
from broker.core.errors import LedgerError
from broker.core.state_files import read_object
from broker.issuer.agents.tables import agents
from broker.issuer.auth import Actor
from broker.issuer.brokers import services as enrolments
from broker.issuer.cards.numbers import BRAND
from broker.issuer.cards.services import effective_status
from broker.issuer.cards.tables import cards
from broker.issuer.cards.vault import CardVault
from broker.issuer.database import open_database
from broker.issuer.events.tables import events
from broker.issuer.grants import services as grants
from broker.issuer.keys import KeyFolder
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.issuer.web.accounts import new_setup_link
from broker.storage import Database
from broker.tlog import Entry, entries

_OPERATOR = Actor("operator", "cli")
_LISTS: dict[enrolments.Thing, str] = {
    "broker": "ledgeros brokers list", "device": "ledgeros devices list --of issuer", "passkey": "ledgeros passkeys list",
    "egress": "ledgeros egress list",
}  # fmt: skip


@contextlib.contextmanager
def _database(state_dir: Path) -> Iterator[Database]:
    with open_database(IssuerState(state_dir).database) as database:
        yield database


def public_url(state_dir: Path) -> str:
    """Where the running LedgerOS's dashboard is."""
    try:
        return str(read_object(IssuerState(state_dir).endpoints, "publicUrl")["publicUrl"])
    except FileNotFoundError:
        raise LedgerError(503, "not_running", "LedgerOS does not run on this state folder.", "Start it: ledgeros up") from None


def signing_key(state_dir: Path) -> bytes:
    """LedgerOS's public key (raw Ed25519): it signs facts and receipts, and extensions pin it. `LedgerError` 404 before the first start."""
    keys = KeyFolder(IssuerState(state_dir).keys)
    if not keys.has_signing:
        raise LedgerError(404, "no_key", "LedgerOS has not run on this state folder yet.", "Start it: ledgeros up")
    return keys.signing.public_key().public_bytes_raw()


def create_setup_link(state_dir: Path) -> str:
    """A one-time URL, good for an hour, where a person makes an organisation and becomes its owner."""
    url = public_url(state_dir)
    with _database(state_dir) as database:
        minutes = IssuerSettings().setup_link_minutes
        token = database.write_now(lambda tx: new_setup_link(tx, SystemClock().now_ms(), minutes))
    return f"{url}/setup/{token}"


def list_enrolled(state_dir: Path, thing: enrolments.Thing) -> list[dict[str, Any]]:
    """Enrolled brokers, devices, passkeys or egress keys of every organisation, newest first, with the public keys that sign."""
    with _database(state_dir) as database:
        return database.read_now(lambda c: enrolments.listed(c, thing))


def revoke(state_dir: Path, thing: enrolments.Thing, thing_id: str) -> None:
    """Revoke a broker, device, passkey or egress key; effective at its next call. Raises `LedgerError` 404 when there is none such."""
    now = SystemClock().now_ms()
    with _database(state_dir) as database:
        error = database.write_now(lambda tx: enrolments.revoke_now(tx, _OPERATOR, thing, thing_id, now))
    if error is not None:
        raise _in_a_terminal(error, _LISTS[thing])


def list_grants(state_dir: Path) -> list[dict[str, Any]]:
    """Standing rules of every organisation, newest first."""
    with _database(state_dir) as database:
        return database.read_now(lambda c: grants.listed(c, SystemClock().now_ms()))


def revoke_grant(state_dir: Path, grant_id: str) -> None:
    """Revoke a standing rule, effective at the next payment; `LedgerError` 404 when there is none such."""
    now = SystemClock().now_ms()
    with _database(state_dir) as database:
        refusal = database.write_now(lambda tx: grants.revoke_now(tx, _OPERATOR, grant_id, now))
    if refusal is not None:
        raise _in_a_terminal(refusal, "ledgeros grants list")


def _in_a_terminal(refusal: LedgerError, command: str) -> LedgerError:
    """`refusal` with the command that lists what there is: the dashboard's list can be reloaded, here there is none."""
    return LedgerError(refusal.status, refusal.code, refusal.message, f"List them: {command}")


def list_cards(state_dir: Path) -> list[dict[str, Any]]:
    """Cards of every organisation, newest first: brand and last four digits, never the number."""
    now = SystemClock().now_ms()
    query = (
        select(cards, agents.c.name.label("agent_name")).join(agents, agents.c.id == cards.c.agent_id).order_by(cards.c.created_at.desc())
    )
    with _database(state_dir) as database:
        rows = database.read_now(lambda c: c.execute(query).all())
    return [
        {
            "id": row.id,
            "brand": BRAND,
            "last4": row.last4,
            "status": effective_status(row, now),
            "type": row.type,
            "purpose": row.purpose,
            "agentId": row.agent_id,
            "agentName": row.agent_name,
            "credentialExposure": row.exposure,
            "createdAt": row.created_at,
        }
        for row in rows
    ]


def read_events(state_dir: Path, after: int = 0, limit: int | None = None) -> list[Entry]:
    """Events with a sequence number above `after`, oldest first."""
    with _database(state_dir) as database:
        return database.read_now(lambda c: list(entries(c, events, after, limit)))


def number_of_card(state_dir: Path, card_id: str) -> Pan:
    """The number of a sandbox card, for the leak checks of demo and tests: to know what to search for."""
    with _database(state_dir) as database:
        row = database.read_now(lambda c: c.execute(select(cards).where(cards.c.id == card_id)).first())
    if row is None:
        raise LedgerError(404, "card_not_found", "There is no such card.", "Check the card id.")
    vault = CardVault(KeyFolder(IssuerState(state_dir).keys))
    return vault.unlock(row.id, row.kek_version, row.wrapped_key, row.number_ciphertext)
