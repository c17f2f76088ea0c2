"""``ledgeros up`` and ``ledgeros down``."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.markup import escape

from broker.cli.broker import DEFAULT_PORT as AGENT_PORT
from broker.cli.issuer import DEFAULT_BROKER_PORT, DEFAULT_PORT
from broker.cli.output import errors, say, show_json
from broker.cli.serving import Port
from broker.cli.state import AsJson, as_typed, folder
from broker.install.layout import StateFolder

_NAMES = {"issuer": ("LedgerOS", "publicUrl"), "broker": ("Broker  ", "agentUrl"), "egress": ("Egress  ", "socket")}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)


def up(
    context: typer.Context,
    port: Port = DEFAULT_PORT,
    broker_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of LedgerOS's listener for brokers; 0 takes a free one.")
    ] = DEFAULT_BROKER_PORT,
    agent_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the broker's API for agents; 0 takes a free one.")
    ] = AGENT_PORT,
) -> None:
    """Start LedgerOS, the broker and the egress, say what to do next, and run until Ctrl-C."""
    from broker.install import supervisor

    began = time.monotonic()
    state = folder(context)
    try:
        with errors.status("starting") as status, supervisor.up(state, supervisor.Ports(port, broker_port, agent_port), _ready) as servers:
            status.stop()
            say(f"Ready in {time.monotonic() - began:.1f} s. Ctrl-C stops it.")
            _show_next(state)
            supervisor.watch(servers)
    except supervisor.StopRequestedError:
        say("Stopped.")


def down(context: typer.Context, as_json: AsJson = False) -> None:
    """Stop what `ledgeros up` started on this state folder."""
    from broker.install import running

    pid = running.down(folder(context))
    if as_json:
        show_json({"stopped": pid})
        return
    say(f"Stopped process {pid}.")


def _ready(name: str, endpoints: dict[str, Any]) -> None:
    words, key = _NAMES[name]
    say(f"[green]✓[/green] {words}  {endpoints[key]}")


def _show_next(state: StateFolder) -> None:
    from broker.install.next_steps import next_steps

    steps = next_steps(state)
    if not steps:
        say(escape(as_typed(state, "Nothing is left to set up. If something does not work: ledgeros doctor")))
        return
    say("\nNext, in another terminal:")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {escape(step.what)}: [bold]{escape(as_typed(state, step.how))}[/bold]")
