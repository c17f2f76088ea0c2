"""``ledgeros releases``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.cli.output import say, show_json, show_list
from broker.cli.state import AsJson, folder
from broker.core.errors import LedgerError

app = typer.Typer(help="Releases: who asked for which card where, and how it ended.", rich_markup_mode=None)

Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many.")]


@app.callback(invoke_without_command=True)
def releases(context: typer.Context, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Releases: who asked for which card where, and how it ended. Without a command: the newest ones."""
    if context.invoked_subcommand is None:
        list_(context, limit, as_json)


@app.command("list")
def list_(context: typer.Context, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the newest releases: where, which card, how it ended."""
    from broker.admin import list_releases

    rows = [release.wire() for release in list_releases(folder(context).path, limit)]
    columns = (("createdAt", "Asked"), ("id", "Id"), ("outcome", "State"), ("last4", "Card"), ("origin", "Where"))
    shown = rows if as_json else [{**row, "outcome": row["outcome"] or row["status"]} for row in rows]
    show_list(shown, columns, as_json=as_json, empty="No releases yet.")


@app.command("cancel")
def cancel(
    release_id: Annotated[str, typer.Argument(help="Its id, from the list.")],
    config: Annotated[Path, typer.Option(help="The file of the agent that asked (ledgeros agents add NAME --file).")] = Path("agent.json"),
    as_json: AsJson = False,
) -> None:
    """Take a request back, as the agent that made it. Possible until the card's details are with the browser."""
    import asyncio

    from broker.client import AgentError, BrokerClient, Configuration, ConfigurationError, Release

    async def withdraw() -> Release:
        known = Configuration.read(config)
        async with BrokerClient(known.broker_url, known.broker_credential, known.ca_file) as broker:
            return await broker.withdraw(release_id)

    try:
        release = asyncio.run(withdraw())
    except AgentError as error:
        raise LedgerError(error.status, error.code, error.message, error.next_step) from None
    except ConfigurationError as error:
        raise LedgerError(
            400,
            "configuration_invalid",
            str(error),
            "Name the agent's file with --config. To write a new one: ledgeros agents add NAME --file agent.json",
        ) from None
    if as_json:
        show_json(release.wire())
    else:
        say(f"{release.id} is taken back")
