"""What a person has to do next, found in the state folder: the way from nothing to the first payment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from broker.admin import list_agents, list_devices
from broker.install.installer import record_file
from broker.install.layout import StateFolder
from broker.issuer.admin import list_enrolled
from broker.issuer.database import open_database
from broker.issuer.organisations.tables import organisations

if TYPE_CHECKING:
    from broker.issuer.brokers.services import Thing


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and how: a command, or a place to click. `name` is what ``ledgeros doctor`` calls it."""

    name: str
    what: str
    how: str
    needed: bool = True
    """Whether nothing can be paid without it."""


_OWNER = Step("owner-missing", "Become the owner", "ledgeros issuer setup-link")
_BROKER = Step("broker-not-enrolled", "Enrol this broker with a code from the dashboard", "ledgeros broker enrol")
_TOLD = Step("host-manifest-missing", "Tell your browser and load the extension", "ledgeros install")
_PAIRED = Step("no-browser-paired", "Pair the browser", "ledgeros pair")
_BROWSER = Step(
    "browser-not-enrolled", "Enrol the browser with a code from the dashboard, and add a passkey", "In the extension's options, LedgerOS"
)
_PASSKEY = Step("authenticator-missing", "Add a passkey, which approvals need", "In the extension's options, Add a passkey")
_EGRESS = Step(
    "egress-not-enrolled", "Let payments keep the number out of the page, with a code from the dashboard", "ledgeros egress enrol",
    needed=False,
)  # fmt: skip
_AGENT = Step("agent-missing", "Give your agent its credential", "ledgeros agents add my-agent --file agent.json")
_ORDER = (_OWNER, _BROKER, _TOLD, _PAIRED, _BROWSER, _PASSKEY, _EGRESS, _AGENT)


def next_steps(state: StateFolder) -> list[Step]:
    """The steps that are still open, in order, as far as they can be seen here.

    Those at LedgerOS are left out when it is not of this state folder, those at the broker when it was never started.
    """
    open_steps = [_TOLD] if not record_file(state).exists() else []
    if (state.issuer / "issuer.db").exists():
        open_steps += _at_ledgeros(state)
    if (state.broker / "broker.db").exists():
        open_steps += _at_broker(state)
    return sorted(open_steps, key=_ORDER.index)


def _at_ledgeros(state: StateFolder) -> Iterator[Step]:
    approvals = organisation_approvals(state)
    if not approvals:
        yield _OWNER
    if not _enrolled(state, "broker"):
        yield _BROKER
    if not _enrolled(state, "device"):
        yield _BROWSER
    elif not _enrolled(state, "passkey") and set(approvals) != {"click"}:
        yield _PASSKEY
    if sys.platform == "linux" and not _enrolled(state, "egress"):
        yield _EGRESS


def _at_broker(state: StateFolder) -> Iterator[Step]:
    if all(device.revoked_at is not None for device in list_devices(state.path)):
        yield _PAIRED
    if all(agent.revoked_at is not None for agent in list_agents(state.path)):
        yield _AGENT


def _enrolled(state: StateFolder, thing: Thing) -> bool:
    return any(row["revoked_at"] is None for row in list_enrolled(state.path, thing))


def organisation_approvals(state: StateFolder) -> list[str]:
    """How each organisation of this state folder approves: ``step-up``, ``passkey`` or ``click``."""
    with closing(open_database(state.issuer / "issuer.db")) as database:
        return database.read_now(_approvals)


def _approvals(connection: Connection) -> list[str]:
    return list(connection.execute(select(organisations.c.approval)).scalars())
