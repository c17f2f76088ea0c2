"""Brokers that are enrolled at LedgerOS. Enrolling needs a signed-in person; here they are listed and revoked."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.enrolled import revoke_enrolled, show_enrolled
from broker.cli.state import AsJson

app = typer.Typer(help="Brokers enrolled at LedgerOS.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the enrolled brokers."""
    show_enrolled(context, "broker", ("name", "Name"), as_json=as_json)


@app.command("revoke")
def revoke(context: typer.Context, broker_id: Annotated[str, typer.Argument(help="Its id, from the list.")]) -> None:
    """Revoke a broker, effective at its next call."""
    revoke_enrolled(context, "broker", broker_id)
