"""What a person has to do next, found in the state folder: the way from nothing to the first payment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection, select

from broker.admin import list_agents, list_devices
from broker.install.installer import record_file
from broker.install.layout import StateFolder
from broker.issuer.admin import list_enrolled
from broker.issuer.database import open_database
from broker.issuer.organisations.tables import organisations


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do and the command that does it."""

    what: str
    command: str


def next_steps(state: StateFolder) -> list[Step]:
    """The steps that are still open, in order. Needs both databases, as they are once both servers have started."""
    return list(_open_steps(state))


def _open_steps(state: StateFolder) -> Iterator[Step]:
    if not organisation_approvals(state):
        yield Step("Become the owner", "ledgeros issuer setup-link")
    if not any(row["revoked_at"] is None for row in list_enrolled(state.path, "broker")):
        yield Step("Enrol this broker with a code from the dashboard", "ledgeros broker enrol")
    if not record_file(state).exists():
        yield Step("Tell your browser and load the extension", "ledgeros install")
    if not any(device.revoked_at is None for device in list_devices(state.path)):
        yield Step("Pair the browser", "ledgeros pair")
    if sys.platform == "linux" and not any(row["revoked_at"] is None for row in list_enrolled(state.path, "egress")):
        yield Step("Let payments keep the number out of the page, with a code from the dashboard", "ledgeros egress enrol")
    if not any(agent.revoked_at is None for agent in list_agents(state.path)):
        yield Step("Give your agent its credential", "ledgeros agents add my-agent --file agent.json")


def organisation_approvals(state: StateFolder) -> list[str]:
    """How each organisation of this state folder approves: ``step-up``, ``passkey`` or ``click``."""
    with closing(open_database(state.issuer / "issuer.db")) as database:
        return database.read_now(_approvals)


def _approvals(connection: Connection) -> list[str]:
    return list(connection.execute(select(organisations.c.approval)).scalars())
