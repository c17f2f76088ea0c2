"""Browsers that are paired with the broker."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from broker.cli.agents import camel
from broker.cli.output import say, show_list
from broker.cli.state import AsJson, folder

NAME = "devices"
app = typer.Typer(help="Browsers paired with this broker.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the paired browsers."""
    from broker.admin import list_devices

    rows = [camel(asdict(device)) for device in list_devices(folder(context).path)]
    columns = (("id", "Id"), ("name", "Name"), ("pairedAt", "Paired (UTC)"), ("lastSeenAt", "Last seen"), ("revokedAt", "Revoked"))
    shown = [{**row, "lastSeenAt": row.get("lastSeen")} for row in rows]
    show_list(shown, columns, as_json=as_json, empty="No browser is paired yet: ledgeros pair")


@app.command("revoke")
def revoke(context: typer.Context, device_id: Annotated[str, typer.Argument(help="Its id, from the list.")]) -> None:
    """Unpair a browser, effective at its next message."""
    from broker.admin import revoke_device

    revoke_device(folder(context).path, device_id)
    say(f"{device_id} is revoked")
