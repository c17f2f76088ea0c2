"""Cards at the LedgerOS of this state folder; never a number."""

from __future__ import annotations

import typer

from broker.cli.output import show_list
from broker.cli.state import AsJson, folder

app = typer.Typer(help="Cards issued by the LedgerOS of this state folder.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Cards issued by the LedgerOS of this state folder."""


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the cards: last four digits, whose, what for, whether open. The number is nowhere in it."""
    from broker.issuer.admin import list_cards

    rows = list_cards(folder(context).path)
    columns = (
        ("id", "Id"), ("card", "Card"), ("status", "Status"), ("agentName", "Agent"), ("purpose", "Purpose"),
        ("createdAt", "Issued"),
    )  # fmt: skip
    shown = [{**row, "card": f"{row['brand']} ·· {row['last4']}"} for row in rows]
    show_list(rows if as_json else shown, columns, as_json=as_json, empty="No cards yet: POST /v1/agents/{id}/cards issues one.")
