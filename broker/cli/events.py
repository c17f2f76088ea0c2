"""The access-event logs: list and verify."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.output import console, say, show_json
from broker.cli.state import AsJson, folder
from broker.core.errors import LedgerError
from broker.install.layout import StateFolder
from broker.terminal import events_table

if TYPE_CHECKING:
    from broker.tlog import Entry

app = typer.Typer(help="What happened, as hash-chained logs.", no_args_is_help=True, rich_markup_mode=None)


class Log(StrEnum):
    """Whose log."""

    issuer = "issuer"
    broker = "broker"


Which = Annotated[Log, typer.Option("--of", help="LedgerOS's log or the broker's.")]


@app.command("list")
def list_(
    context: typer.Context,
    of: Which = Log.issuer,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest events, oldest first. With --json each holds what is needed to verify it offline."""
    entries = read_log(folder(context), of)[-last:]
    if as_json:
        show_json([entry.export() for entry in entries])
        return
    if not entries:
        console.print("[dim]No events yet.[/dim]")
        return
    console.print(events_table(entries))


@app.command("verify")
def verify(context: typer.Context, of: Which = Log.issuer) -> None:
    """Recompute the hash chain from the first event; fails at the first one that does not follow."""
    from broker import tlog
    from broker.core.canonical import b64u

    try:
        seq, head = tlog.verify(read_log(folder(context), of))
    except tlog.ChainBrokenError as error:
        raise LedgerError(500, "chain_broken", f"The {of.value} log was changed: {error}.", "Compare with an earlier copy.") from None
    say(f"{seq} events hold; head {b64u(head)}")


def read_log(state: StateFolder, of: Log) -> list[Entry]:
    """Every entry of one log."""
    if of is Log.issuer:
        from broker.issuer.admin import read_events as issuer_events

        return list(issuer_events(state.path))
    from broker.admin import list_events as broker_events

    return list(broker_events(state.path))
