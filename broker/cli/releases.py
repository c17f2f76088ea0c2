"""``ledgeros releases``."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.output import show_list
from broker.cli.state import AsJson, folder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("releases")(releases)


def releases(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20, as_json: AsJson = False
) -> None:
    """List the newest releases: where, which card, how it ended."""
    from broker.admin import list_releases

    rows = [release.wire() for release in list_releases(folder(context).path, limit)]
    columns = (
        ("createdAt", "Asked"), ("id", "Id"), ("status", "Status"), ("outcome", "Outcome"), ("last4", "Card"), ("origin", "Where"),
    )  # fmt: skip
    show_list(rows, columns, as_json=as_json, empty="No releases yet.")
