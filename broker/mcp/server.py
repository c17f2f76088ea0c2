"""The process: stdio, or streamable HTTP on loopback."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from broker.client import Configuration, ConfigurationError, LedgerOS
from broker.mcp.guard import MCP_TOKEN_CHARACTERS, Guard
from broker.mcp.payments import Payments
from broker.mcp.tools import create_server

PATH = "/mcp"
_SHUTDOWN_SECONDS = 3


def serve_stdio(configuration: Configuration) -> None:
    """Serve on standard input and output until the host closes them."""
    asyncio.run(_stdio(configuration))


def serve_http(configuration: Configuration, port: int, ready: Callable[[str], None]) -> None:
    """Serve on 127.0.0.1:`port` (0 takes a free one) until a signal; `ready` is told the address.

    Raises `ConfigurationError` without an `mcp_token`, ``OSError`` when the port is taken.
    """
    asyncio.run(_http(configuration, port, ready))


async def _stdio(configuration: Configuration) -> None:
    async with LedgerOS(configuration) as ledgeros, Payments(ledgeros) as payments:
        await create_server(payments).run_stdio_async()


async def _http(configuration: Configuration, port: int, ready: Callable[[str], None]) -> None:
    token = configuration.mcp_token or ""
    if len(token) < MCP_TOKEN_CHARACTERS:
        raise ConfigurationError(
            f"MCP over HTTP needs mcpToken, at least {MCP_TOKEN_CHARACTERS} random characters, in the configuration file."
        )
    with socket.create_server(("127.0.0.1", port)) as listener:
        bound = listener.getsockname()[1]
        names = [f"127.0.0.1:{bound}", f"localhost:{bound}"]
        async with LedgerOS(configuration) as ledgeros, Payments(ledgeros) as payments:
            security = TransportSecuritySettings(allowed_hosts=names, allowed_origins=[])
            app = create_server(payments).streamable_http_app(streamable_http_path=PATH, transport_security=security)
            config = uvicorn.Config(
                Guard(app, token, frozenset(names)), log_level="warning", access_log=False, server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            )  # fmt: skip
            # uvicorn stops on the signal and then raises it again: by default that ends the process before payments are taken back.
            signal.signal(signal.SIGTERM, lambda *_: None)
            ready(f"http://127.0.0.1:{bound}{PATH}")
            await uvicorn.Server(config).serve(sockets=[listener])
