"""Browsers: paired with this broker, and enrolled at LedgerOS."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from broker.cli.agents import camel
from broker.cli.enrolled import revoke_enrolled, show_enrolled
from broker.cli.events import Log
from broker.cli.output import say, show_list
from broker.cli.state import AsJson, as_typed, folder

app = typer.Typer(help="Browsers: paired with this broker, enrolled at LedgerOS.", no_args_is_help=True, rich_markup_mode=None)

Whose = Annotated[Log, typer.Option("--of", help="The broker's pairings or LedgerOS's enrolments.")]


@app.command("list")
def list_(context: typer.Context, of: Whose = Log.broker, as_json: AsJson = False) -> None:
    """List the browsers. A key id names the key that signs decisions; --json has the key itself."""
    if of is Log.issuer:
        show_enrolled(context, "device", ("name", "Name"), ("brokerId", "Broker"), ("keyId", "Key id"), as_json=as_json)
        return
    from broker.admin import list_devices

    rows = [camel(asdict(device)) for device in list_devices(folder(context).path)]
    columns = (
        ("id", "Id"), ("name", "Name"), ("pairedAt", "Paired"), ("lastSeenAt", "Last seen"), ("revokedAt", "Revoked"), ("keyId", "Key id"),
    )  # fmt: skip
    show_list(rows, columns, as_json=as_json, empty=as_typed(folder(context), "No browser is paired yet: ledgeros pair"))


@app.command("revoke")
def revoke(
    context: typer.Context, device_id: Annotated[str, typer.Argument(help="Its id, from the same list.")], of: Whose = Log.broker
) -> None:
    """Revoke a browser: unpaired, it is cut off at its next message; at LedgerOS, its next decision counts for nothing."""
    if of is Log.issuer:
        revoke_enrolled(context, "device", device_id)
        return
    from broker.admin import revoke_device

    revoke_device(folder(context).path, device_id)
    say(f"{device_id} is revoked")
