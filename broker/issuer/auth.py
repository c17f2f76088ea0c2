"""Who calls the public API: a back end's key, one agent's token, or a sandbox acquirer's key.

All three travel in ``Api-Key`` (an agent token also as ``Authorization: Bearer``). Only SHA-256
hashes are stored, so a lookup compares digests, never secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from sqlalchemy import Connection, select, update

from broker.core.clock import MINUTE_MS
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer.agents.tables import agent_tokens, agents
from broker.issuer.context import Context
from broker.issuer.organisations.tables import api_keys
from broker.storage import Transaction

Kind = Literal["backend", "agent", "acquirer"]
BACKEND: frozenset[Kind] = frozenset({"backend"})
AGENT_TOO: frozenset[Kind] = frozenset({"backend", "agent"})
ACQUIRER: frozenset[Kind] = frozenset({"acquirer"})

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, for the event log: `source` opens the event's name."""

    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `agent_id` is set for an agent token and bounds everything it may touch."""

    kind: Kind
    id: str
    org_id: str
    agent_id: str | None
    secret: str = field(repr=False)

    @property
    def actor(self) -> Actor:
        """This caller in the event log."""
        return Actor("network" if self.kind == "acquirer" else self.kind, self.agent_id or self.id)

    def require(self, allowed: frozenset[Kind]) -> None:
        """Raise 403 with the reason unless this kind of credential may call."""
        if self.kind not in allowed:
            raise LedgerError(403, f"{self.kind}_not_allowed", *_REFUSALS[self.kind])

    def require_agent(self, agent_id: str) -> None:
        """Raise 403 when an agent token reaches for another agent."""
        if self.agent_id is not None and self.agent_id != agent_id:
            raise out_of_scope()


_REFUSALS: dict[Kind, tuple[str, str]] = {
    "backend": (
        "An organisation's Api-Key cannot speak for the card network.",
        "Create a sandbox acquirer key in the dashboard, Settings > API Keys.",
    ),
    "agent": (
        "An agent token can use its own agent's cards and nothing else.",
        "Call this from the back end with the organisation's Api-Key.",
    ),
    "acquirer": ("A sandbox acquirer key can only simulate transactions.", "Use an organisation's Api-Key."),
}


def out_of_scope() -> LedgerError:
    """What an agent token hears about anything that is not its own, whether it exists or not."""
    return LedgerError(403, "out_of_scope", "This agent token can use its own agent's cards only.", "Use a card of this agent.")


async def authenticate(context: Context, request: web.Request) -> Principal:
    """The caller of an API request; raises the contract's 401s."""
    secret = _presented(request)
    now = context.now()
    found = await context.read(lambda c: _find_token(c, secret) if secret.startswith("at_") else _find_key(c, secret))
    if found is None:
        raise LedgerError(401, "invalid_api_key", "Invalid API key", "Create a key in the dashboard, Settings > API Keys.")
    principal, expires_at, last_used = found
    if expires_at is not None and expires_at <= now:
        raise LedgerError(401, "api_key_expired", "API key expired", "Create a new key in the dashboard, Settings > API Keys.")
    if last_used is None or now - last_used >= MINUTE_MS:
        await context.db.write(lambda tx: _touch(tx, principal, now))
    return principal


def _presented(request: web.Request) -> str:
    keys = request.headers.getall("Api-Key", [])
    bearer = request.headers.getall("Authorization", [])
    if len(keys) == 1 and 0 < len(keys[0]) <= _LONGEST:
        return keys[0]
    if not keys and len(bearer) == 1 and bearer[0].startswith("Bearer at_") and len(bearer[0]) <= _LONGEST:
        return bearer[0].removeprefix("Bearer ")
    if not keys:
        raise LedgerError(401, "missing_api_key", "Missing Api-Key header", "Send the key in the Api-Key header.")
    raise LedgerError(401, "invalid_api_key", "Invalid API key", "Send exactly one Api-Key header.")


_Found = tuple[Principal, int | None, int | None] | None


def _find_key(connection: Connection, secret: str) -> _Found:
    query = select(api_keys).where(api_keys.c.hash == secret_hash(secret), api_keys.c.revoked_at.is_(None))
    row = connection.execute(query).first()
    if row is None:
        return None
    return Principal(row.kind, row.id, row.org_id, None, secret), row.expires_at, row.last_used_at


def _find_token(connection: Connection, secret: str) -> _Found:
    query = (
        select(agent_tokens, agents.c.org_id)
        .join(agents, agents.c.id == agent_tokens.c.agent_id)
        .where(agent_tokens.c.hash == secret_hash(secret), agent_tokens.c.revoked_at.is_(None))
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Principal("agent", row.id, row.org_id, row.agent_id, secret), row.expires_at, row.last_used_at


def _touch(tx: Transaction, principal: Principal, now: int) -> None:
    table = agent_tokens if principal.kind == "agent" else api_keys
    tx.sql.execute(update(table).where(table.c.id == principal.id).values(last_used_at=now))
