"""What is enrolled at LedgerOS of this state folder: the part that `brokers`, `devices` and `passkeys` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from broker.cli.agents import camel
from broker.cli.output import say, show_list
from broker.cli.state import folder

if TYPE_CHECKING:
    from broker.issuer.brokers.services import Thing

_ENDS = (("enrolledAt", "Enrolled"), ("revokedAt", "Revoked"))
_EMPTY = "Nothing is enrolled yet: make a code in the dashboard, Brokers & browsers."
_NO_PASSKEY = "No passkey is enrolled yet. In the extension's options: Add a passkey."


def show_enrolled(context: typer.Context, thing: Thing, *columns: tuple[str, str], as_json: bool) -> None:
    """List what is enrolled, newest first, the revoked ones too."""
    from broker.issuer.admin import list_enrolled

    rows = [camel(row) for row in list_enrolled(folder(context).path, thing)]
    show_list(rows, (("id", "Id"), *columns, *_ENDS), as_json=as_json, empty=_NO_PASSKEY if thing == "passkey" else _EMPTY)


def revoke_enrolled(context: typer.Context, thing: Thing, thing_id: str) -> None:
    """Revoke it at LedgerOS, effective at its next call."""
    from broker.issuer.admin import revoke

    revoke(folder(context).path, thing, thing_id)
    say(f"{thing_id} is revoked")
