"""Passkeys that prove a person to LedgerOS. Adding one needs a signed-in person; here they are listed and revoked."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.enrolled import revoke_enrolled, show_enrolled
from broker.cli.state import AsJson

app = typer.Typer(help="Passkeys enrolled at LedgerOS.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the enrolled passkeys. A key id names the public key that verifies what a passkey signed; --json has the key itself."""
    show_enrolled(context, "passkey", ("deviceId", "Browser"), ("keyId", "Key id"), as_json=as_json)


@app.command("revoke")
def revoke(context: typer.Context, passkey_id: Annotated[str, typer.Argument(help="Its id, from the list.")]) -> None:
    """Revoke a passkey: nothing it signs from now on is an approval."""
    revoke_enrolled(context, "passkey", passkey_id)
