"""``ledgeros egress accounts``: which merchant accounts shops are paid through, and a person's word about them."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.output import say, show_list
from broker.cli.state import AsJson, folder

app = typer.Typer(
    help="Merchant accounts that shops are paid through: another one is refused until you agree.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip

Origin = Annotated[str, typer.Argument(metavar="ORIGIN", help="The shop's address: https://shop.example", show_default=False)]


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the shops and the processors that they are paid through. The accounts themselves are kept as keyed hashes."""
    from broker.egress.agreed import list_accounts

    columns = (("origin", "Shop"), ("processor", "Processor"), ("account", "Account"))
    empty = "Nothing is remembered. The first account that a shop is paid through is."
    show_list(list_accounts(folder(context).egress), columns, as_json=as_json, empty=empty)


@app.command("allow")
def allow(
    context: typer.Context,
    origin: Origin,
    processor: Annotated[str, typer.Argument(help="Its name, from the list: stripe, …", show_default=False)],
) -> None:
    """Agree that a shop changed its account, or offers a further processor: the account of its next payment there is taken."""
    from broker.egress import agreed

    _confirm(f"Is it right that {origin} is paid through {processor}, to whatever account its next payment names?")
    agreed.allow(folder(context).egress, origin, processor)
    say(f"The account of the next payment through {processor} is taken as this shop's.")


@app.command("forget")
def forget(context: typer.Context, origin: Origin) -> None:
    """Forget a shop: its next payment is taken on trust, whatever account and processor it names."""
    from broker.egress import agreed

    _confirm(f"Forget which accounts {origin} was paid through?")
    agreed.forget(folder(context).egress, origin)
    say("Forgotten. The account of the next payment is taken as this shop's.")


def _confirm(question: str) -> None:
    # The words of a refusal name this command: whoever only follows them does not get past here.
    typer.confirm(question, default=False, abort=True)
