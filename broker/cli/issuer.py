"""LedgerOS itself: run it, become its owner, read its public key."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.output import say, show_json
from broker.cli.serving import Port, serve
from broker.cli.state import AsJson, folder

DEFAULT_PORT = 8443
DEFAULT_BROKER_PORT = 8444
app = typer.Typer(help="LedgerOS: API, dashboard, redeem listener.", no_args_is_help=True, rich_markup_mode=None)


@app.command("run")
def run(
    context: typer.Context,
    port: Port = DEFAULT_PORT,
    broker_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the mutual-TLS listener; 0 takes a free one.")
    ] = DEFAULT_BROKER_PORT,
) -> None:
    """Run LedgerOS until Ctrl-C. API and dashboard: https://localhost:PORT."""
    from broker.install import certificates
    from broker.issuer.app import run as run_issuer
    from broker.issuer.settings import IssuerSettings

    state = folder(context)
    certificates.initialise(state)
    serve(lambda: run_issuer(state.path, IssuerSettings(public_port=port, broker_port=broker_port)), port, broker_port)


@app.command("setup-link")
def setup_link(context: typer.Context, as_json: AsJson = False) -> None:
    """Make the one-time link with which the owner chooses name and password. One hour, one use."""
    from broker.issuer.admin import create_setup_link

    link = create_setup_link(folder(context).path)
    if as_json:
        show_json({"link": link})
        return
    say("Open this link within an hour; it works once:")
    typer.echo(link)


@app.command("key")
def key(context: typer.Context, as_json: AsJson = False) -> None:
    """Show LedgerOS's public key: it signs what browsers are told, and receipts. Extensions pin it; so does who verifies receipts."""
    from broker.core.canonical import b64u
    from broker.issuer.admin import signing_key
    from broker.protocol.sealing import key_id

    public = signing_key(folder(context).path)
    if as_json:
        show_json({"keyId": key_id(public), "publicKey": b64u(public)})
        return
    say(f"[dim]Key id[/dim]      {key_id(public)}")
    say(f"[dim]Public key[/dim]  {b64u(public)}")
