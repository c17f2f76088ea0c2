"""Agent credentials: made by the person at this machine, shown once, stored hashed, revocable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, update

from broker.agent_api.tables import agents
from broker.audit import Event, record
from broker.core.clock import Clock
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory, new_secret, secret_hash
from broker.core.text import plain_text
from broker.storage import Database, Transaction

PREFIX = "bt_"
_HOW = "Send `Authorization: Bearer bt_…` with a credential that `ledgeros agents add` made."
_WRONG_KIND = {
    "lk_": "This is a LedgerOS API key: it belongs to the developer's back end and is not for this broker.",
    "at_": "This is a LedgerOS agent token: it is for LedgerOS's API, not for this broker.",
    "aq_": "This is an acquirer key: it is for LedgerOS's sandbox network, not for this broker.",
    "tok_": "This is a detailsToken: it goes into the body of POST /v1/releases.",
}


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of this broker. Times are Unix milliseconds."""

    id: str
    name: str
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class NewAgent:
    """An agent just added; `credential` is not shown again."""

    agent: Agent
    credential: str = field(repr=False)


class AgentDirectory:
    """The agents table."""

    def __init__(self, database: Database, clock: Clock, ids: IdFactory) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def authenticate(self, header: str | None) -> Agent:
        """The agent of an ``Authorization`` header; `LedgerError` 401 that says what is wrong with it."""
        if header is None:
            raise _unauthorised("missing_credential", "The Authorization header is missing.")
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise _unauthorised("invalid_credential", "The Authorization header is not a bearer credential.")
        for prefix, reason in _WRONG_KIND.items():
            if secret.startswith(prefix):
                raise _unauthorised("wrong_credential", reason)
        query = select(agents).where(agents.c.credential_hash == secret_hash(secret))
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise _unauthorised("invalid_credential", "This broker does not know this credential.")
        if row.revoked_at is not None:
            raise _unauthorised("revoked_credential", "This credential was revoked.")
        return _agent(row)

    def add(self, name: str) -> NewAgent:
        """A new agent with its credential. Raises `LedgerError` 400 for an empty name. For the CLI."""
        label = plain_text(name, 100)
        if not label:
            raise LedgerError(400, "invalid_name", "An agent needs a name.", "Give it one that you will recognise in the log.")
        credential = new_secret(PREFIX)
        agent = Agent(self._ids.new("agt"), label, self._clock.now_ms(), None)

        def job(transaction: Transaction) -> None:
            row = {
                "id": agent.id, "name": label, "credential_hash": secret_hash(credential), "created_at": agent.created_at,
            }  # fmt: skip
            transaction.sql.execute(agents.insert(), row)
            record(transaction, agent.created_at, Event("person:agent:added", {"agentId": agent.id, "name": label}))

        self._database.write_now(job)
        return NewAgent(agent, credential)

    def all(self) -> list[Agent]:
        """Every agent, the revoked ones too, oldest first. For the CLI."""
        query = select(agents).order_by(agents.c.created_at)
        return [_agent(row) for row in self._database.read_now(lambda connection: connection.execute(query).all())]

    def revoke(self, agent_id: str) -> bool:
        """Revoke an agent's credential, effective at its next request; False when there is none such. For the CLI."""

        def job(transaction: Transaction) -> bool:
            now = self._clock.now_ms()
            wanted = (agents.c.id == agent_id, agents.c.revoked_at.is_(None))
            if transaction.sql.execute(update(agents).where(*wanted).values(revoked_at=now)).rowcount != 1:
                return False
            record(transaction, now, Event("person:agent:revoked", {"agentId": agent_id}))
            return True

        return self._database.write_now(job)


def _unauthorised(code: str, message: str) -> LedgerError:
    return LedgerError(401, code, message, _HOW)


def _agent(row: Row[Any]) -> Agent:
    return Agent(row.id, row.name, row.created_at, row.revoked_at)
