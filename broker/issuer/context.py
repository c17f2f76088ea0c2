"""What every view and service works with, made once per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web
from sqlalchemy import Connection

from broker.core.clock import Clock
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory, Randomness
from broker.issuer.cards.vault import CardVault
from broker.issuer.keys import KeyFolder
from broker.issuer.ratelimit import RateLimiter
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.storage import Database, Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the listeners really are; known once they are bound."""

    public_url: str = ""
    broker_url: str = ""


@dataclass(slots=True)
class Context:
    """The parts of a running LedgerOS."""

    state: IssuerState
    settings: IssuerSettings
    db: Database
    clock: Clock
    ids: IdFactory
    randomness: Randomness
    keys: KeyFolder
    vault: CardVault
    limiter: RateLimiter
    addresses: Addresses = field(default_factory=Addresses)

    def now(self) -> int:
        """Unix milliseconds."""
        return self.clock.now_ms()

    async def write(self, job: Callable[[Transaction], T | LedgerError]) -> T:
        """Run a job and commit it. A `LedgerError` that the job *returns* is raised after the commit.

        Raising inside a job undoes its changes; returning a refusal keeps them, which is how a
        refusal leaves its event.
        """
        result = await self.db.write(job)
        if isinstance(result, LedgerError):
            raise result
        return result

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a read-only job on a reader thread."""
        return await self.db.read(job)


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
