"""The broker process and its enrolment."""

from __future__ import annotations

import typer

from broker.cli.output import ask_code, say
from broker.cli.serving import Port, serve
from broker.cli.state import folder

DEFAULT_PORT = 8450
app = typer.Typer(help="The broker on this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.command("run")
def run(context: typer.Context, port: Port = DEFAULT_PORT) -> None:
    """Run the broker until Ctrl-C. Agents reach it at https://localhost:PORT."""
    from broker.app import BrokerSettings
    from broker.app import run as run_broker
    from broker.install import certificates

    state = folder(context)
    certificates.initialise(state)
    serve(lambda: run_broker(state.path, BrokerSettings(agent_port=port)), port)


@app.command("enrol")
def enrol(context: typer.Context) -> None:
    """Enrol this broker at LedgerOS. Asks for the code that a signed-in person made in the dashboard, Brokers & browsers."""
    from broker.admin import enrol_broker
    from broker.install import certificates

    certificates.initialise(folder(context))
    # Asked for, never an argument: other users of the machine can read arguments.
    enrolled = enrol_broker(folder(context).path, ask_code())
    say(f"{enrolled.broker_id} now acts for {enrolled.organisation_name}")
