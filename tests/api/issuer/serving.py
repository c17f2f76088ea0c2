"""A real LedgerOS over real TLS: both listeners in this process on free ports, a state folder of its own, a clock that the test owns.

Rate limits are raised here; the tests of rate limits start their own with the contract's defaults.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import ClientSession, TCPConnector

from broker.issuer.app import open_context, serve
from broker.issuer.context import Context
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder

START_MS = 1_800_000_000_000
BROKER_ID = "brk_harness1"
EXTENSION_ORIGIN = "chrome-extension://" + "abcdefghijklmnop" * 2
SHOP = "https://shop.example"

FAST = IssuerSettings(
    reads_per_minute=100_000, reads_burst=10_000, writes_per_minute=100_000, writes_burst=10_000, card_creations_per_minute=100_000,
    card_creations_burst=10_000, broker_calls_per_minute=100_000, broker_calls_burst=10_000, network_calls_per_minute=100_000,
    network_calls_burst=10_000, sweep_seconds=3600.0,
)  # fmt: skip


class ManualClock:
    """A clock that only the test moves."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._now = now_ms

    def now_ms(self) -> int:
        return self._now

    def advance(self, *, seconds: float) -> None:
        self._now += int(seconds * 1000)


@dataclass
class Reply:
    """A status, the headers that matter, and the decoded body."""

    status: int
    body: Any
    headers: Any
    text: str


@dataclass
class Issuer:
    """A running LedgerOS."""

    context: Context
    clock: ManualClock
    pki: PkiFolder
    session: ClientSession

    @property
    def url(self) -> str:
        return self.context.addresses.public_url

    async def call(self, method: str, path: str, key: str | None = None, json: Any = None, **kwargs: Any) -> Reply:
        """One API call, with `key` in ``Api-Key``."""
        headers = {**({"Api-Key": key} if key else {}), **kwargs.pop("headers", {})}
        return await ask(self.session, method, self.url + path, json=json, headers=headers, **kwargs)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Names and facts of the whole log."""
        from broker.issuer.events.tables import events
        from broker.tlog import entries

        return self.context.db.read_now(lambda c: [(e.name, e.facts) for e in entries(c, events)])

    def names(self) -> list[str]:
        """The events' names."""
        return [name for name, _ in self.events()]


async def ask(session: ClientSession, method: str, url: str, **kwargs: Any) -> Reply:
    async with session.request(method, url, allow_redirects=False, **kwargs) as response:
        text = await response.text()
        is_json = response.content_type == "application/json"
        return Reply(response.status, await response.json() if is_json else None, response.headers, text)


def make_pki(folder: Path, broker_id: str = BROKER_ID) -> PkiFolder:
    pki = PkiFolder(folder)
    pki.initialise(broker_id, "host_harness1")
    return pki


def session_with(tls: ssl.SSLContext, **kwargs: Any) -> ClientSession:
    return ClientSession(connector=TCPConnector(ssl=tls), timeout=aiohttp.ClientTimeout(total=20), **kwargs)


@asynccontextmanager
async def running_issuer(root: Path, settings: IssuerSettings = FAST, clock: ManualClock | None = None) -> AsyncIterator[Issuer]:
    """LedgerOS on `root`; started twice on the same folder it continues where it stopped."""
    clock = clock or ManualClock()
    pki = make_pki(root / "pki")
    context = open_context(IssuerState(root), settings, clock)
    try:
        async with serve(context), session_with(client_context(pki)) as session:
            yield Issuer(context, clock, pki, session)
    finally:
        context.db.close()
