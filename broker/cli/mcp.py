"""``ledgeros mcp``: the tools for agents that speak MCP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.cli.extras import require_extra
from broker.cli.output import errors
from broker.cli.serving import Port, serve
from broker.core.errors import LedgerError

DEFAULT_PORT = 8460
_HOW = "Write a new one: ledgeros agents add NAME --file agent.json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mcp")(mcp)


def mcp(
    config: Annotated[Path, typer.Option(help="The agent's JSON or TOML file (mode 600).", show_default=False)],
    http: Annotated[bool, typer.Option("--http", help="Serve streamable HTTP on loopback instead of stdio.")] = False,
    port: Port = DEFAULT_PORT,
) -> None:
    """Serve the MCP tools ledger_pay, ledger_status and ledger_card."""
    require_extra("mcp", "mcp", "The MCP SDK is not installed.")
    from broker.client import Configuration, ConfigurationError
    from broker.mcp import serve_http, serve_stdio

    try:
        configuration = Configuration.read(config)
        if http:
            serve(lambda: serve_http(configuration, port, lambda url: errors.print(f"MCP at {url}", soft_wrap=True)), port)
        else:
            serve_stdio(configuration)
    except ConfigurationError as error:
        raise LedgerError(400, "configuration_invalid", str(error), _HOW) from None
