"""Connects to where a payment is likely to go, while the page is still being filled.

Looking up a name and two handshakes take longer than all else on the way of a payment. Nothing is sent
on the connection, and none of what a page says is asked: the hosts are those of the registry's entries
for the approved checkout. A connection that is not used is closed as any idle one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
from yarl import URL

from broker.core.origin import host_of
from broker.egress.destination import Destination
from broker.egress.refusal import RefusedError
from broker.egress.registry import Registry
from broker.protocol.decision import Seen
from broker.protocol.processors import Endpoint

_MOST = 3


@dataclass(frozen=True, slots=True)
class Ahead:
    """Uses the session in which payments are made, and so its resolver, its TLS and its pool."""

    session: aiohttp.ClientSession
    registry: Registry
    sandbox: bool

    async def connect(self, seen: Seen) -> None:
        """Connect for a checkout that was approved; whatever goes wrong the payment itself will find."""
        await asyncio.gather(*(self._connect(url) for url in self._likely(seen)), return_exceptions=True)

    def _likely(self, seen: Seen) -> list[str]:
        entries = self.registry.about(seen.origin, seen.frame_origins)
        origins = [_origin(entry, seen.origin) for entry in entries if isinstance(entry, Endpoint) and "*" not in entry.host]
        return [f"{origin}/" for origin in dict.fromkeys(origins) if self._allowed(f"{origin}/")][:_MOST]

    def _allowed(self, url: str) -> bool:
        try:
            Destination.parse(url, sandbox=self.sandbox)
        except RefusedError:
            return False
        return True

    async def _connect(self, url: str) -> None:
        connector = self.session.connector
        assert connector is not None
        request = aiohttp.ClientRequest("GET", URL(url, encoded=True), loop=asyncio.get_running_loop(), session=self.session)
        connection = await connector.connect(request, [], self.session.timeout)
        connection.release()


def _origin(entry: Endpoint, page: str) -> str:
    return page if host_of(page) == entry.host else f"https://{entry.host}"
