"""The egress: its key, enrolled at LedgerOS with a signed-in person's code, listed, revoked; and the accounts it remembers."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli import egress_accounts
from broker.cli.enrolled import revoke_enrolled, show_enrolled
from broker.cli.output import ask_code, say
from broker.cli.state import AsJson, folder

app = typer.Typer(help="The egress's key at LedgerOS, and the merchant accounts it remembers.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(egress_accounts.app, name="accounts")

PublicKey = Annotated[
    str | None,
    typer.Option(
        help="The publicKey of its ready line, for an egress whose folder belongs to another user.", metavar="KEY", show_default=False
    ),
]


@app.command("enrol")
def enrol(context: typer.Context, public_key: PublicKey = None) -> None:
    """Enrol the egress's key. Asks for the code that a signed-in person made in the dashboard, Brokers & browsers."""
    from broker.admin import enrol_egress
    from broker.install import certificates

    state = folder(context)
    certificates.initialise(state)
    key = _own_key(context) if public_key is None else _given_key(public_key)
    # Asked for, never an argument: other users of the machine can read arguments.
    enrolled = enrol_egress(state.path, ask_code(), key)
    say(f"{enrolled.egress_id} is enrolled for {enrolled.organisation_name}; its key is {enrolled.key_id}")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the enrolled egress keys."""
    show_enrolled(context, "egress", ("name", "Name"), ("brokerId", "Broker"), ("sealingKeyId", "Key"), as_json=as_json)


@app.command("revoke")
def revoke(context: typer.Context, egress_id: Annotated[str, typer.Argument(help="Its id, from the list.")]) -> None:
    """Revoke an egress key: nothing is sealed to it any more."""
    revoke_enrolled(context, "egress", egress_id)


def _own_key(context: typer.Context) -> bytes:
    from broker.install.egress import public_key

    return public_key(folder(context))


def _given_key(text: str) -> bytes:
    from broker.core.canonical import unb64u
    from broker.core.errors import LedgerError

    try:
        return unb64u(text)
    except ValueError:
        raise LedgerError(422, "bad_key", "That is not a public key.", "Copy publicKey from the egress's ready line.") from None
