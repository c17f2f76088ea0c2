"""``ledgeros teach``."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.markup import escape

from broker.cli.output import say
from broker.cli.state import folder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("teach")(teach)


def teach(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the shop or its checkout.", show_default=False)],
    browser: Annotated[
        str | None, typer.Option(help="The Chromium to start, with an empty profile.", metavar="PROGRAM", show_default=False)
    ] = None,
) -> None:
    """Teach the egress how a shop pays. You pay there once, with a number that is worth nothing, and confirm where it went."""
    from broker.core.errors import LedgerError
    from broker.core.origin import parse_origin
    from broker.install.egress import read_settings
    from broker.teach import Lesson
    from broker.teach import teach as watch
    from broker.teach.chromium import find_browser

    try:
        parse_origin(url)
    except ValueError:
        raise LedgerError(422, "bad_address", "That is not a web address.", "Give the whole of it: https://shop.example/checkout") from None
    settings = read_settings(folder(context))
    lesson = Lesson(url, find_browser(browser), settings.folder, getpass.getuser(), sandbox=settings.sandbox)
    if watch(lesson, _Terminal()) is None:
        raise typer.Exit(1)


class _Terminal:
    def say(self, line: str) -> None:
        say(escape(line))

    def confirm(self, question: str) -> bool:
        return typer.confirm(question, default=False)
