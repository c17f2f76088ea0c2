"""Standing rules at the LedgerOS of this state folder. Made in a browser only, with a passkey."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.output import say, show_list
from broker.cli.state import AsJson, folder

app = typer.Typer(help="Standing rules: payments that a person allowed in advance.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the standing rules and how often they acted."""
    from broker.issuer.admin import list_grants

    columns = (
        ("id", "Id"), ("status", "Status"), ("agentName", "Agent"), ("origin", "Where"), ("bounds", "Bounds"), ("usedToday", "Today"),
        ("usedTotal", "In all"), ("lastUsedAt", "Last used"),
    )  # fmt: skip
    empty = "No standing rules. A person makes one in the extension, with a passkey."
    show_list(list_grants(folder(context).path), columns, as_json=as_json, empty=empty)


@app.command("revoke")
def revoke(context: typer.Context, grant_id: Annotated[str, typer.Argument(help="Its id, from the list.")]) -> None:
    """Revoke a standing rule, effective at the next payment."""
    from broker.issuer.admin import revoke_grant

    revoke_grant(folder(context).path, grant_id)
    say(f"{grant_id} is revoked")
