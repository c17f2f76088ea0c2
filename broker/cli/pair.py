"""``ledgeros pair``."""

from __future__ import annotations

import typer

from broker.cli.output import say, show_json
from broker.cli.state import AsJson, folder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pair")(pair)


def pair(context: typer.Context, as_json: AsJson = False) -> None:
    """Show a code that pairs a browser: type it in the extension's popup. Ten minutes, one use, five tries."""
    from broker.admin import create_pairing_code

    code = create_pairing_code(folder(context).path)
    if as_json:
        show_json({"code": code})
        return
    say("Open the extension's popup and type this code within ten minutes:")
    say(f"[bold]{code}[/bold]")
