"""A connection pool that hands out connections to LedgerOS only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from broker.issuer_client.errors import IssuerUntrustedError
from broker.pki.identity import WrongPeerError, require_issuer

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


class IssuerConnector(aiohttp.TCPConnector):
    """Checks the peer's role between the handshake and the first byte of a request.

    A verified chain is not enough: the broker's own server certificate comes from the same CA.
    """

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """A connection whose peer is LedgerOS, or `IssuerUntrustedError`."""
        connection = await super().connect(req, traces, timeout)
        try:
            require_issuer(connection.transport)
        except WrongPeerError as error:
            connection.close()
            raise IssuerUntrustedError(f"{error}; nothing was sent to it") from None
        return connection
