"""``ledgeros teach URL``, and what was taught."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from broker.cli.output import say, show_list
from broker.cli.state import AsJson, as_typed, folder
from broker.core.errors import LedgerError

_CHECKOUT = "checkout"


class UrlOrCommand(TyperGroup):
    """``teach URL`` is the command that is hidden as ``teach checkout URL``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read `args`; those that begin with none of the commands are an address and its options."""
        if args and args[0] not in (*self.commands, "--help"):
            args = [_CHECKOUT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=UrlOrCommand,
    help="Teach the egress how a shop pays: teach URL. You pay there once, with a number that is worth nothing, in the Chromium that is"
    " found, or that --browser PATH names.",
    no_args_is_help=True,
    rich_markup_mode=None,
    subcommand_metavar="URL | COMMAND [ARGS]...",
)


@app.command(_CHECKOUT, hidden=True)
def checkout(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the shop or its checkout.", show_default=False)],
    browser: Annotated[
        str | None, typer.Option(help="The Chromium to start, with an empty profile.", metavar="PROGRAM", show_default=False)
    ] = None,
) -> None:
    """Pay once at URL, with a number that is worth nothing, and confirm where it went."""
    _require_terminal()
    _leave_in_order()
    from broker.install.browsers import BRANDED, chromium_path
    from broker.install.egress import read_settings
    from broker.teach import Lesson
    from broker.teach import teach as watch

    state = folder(context)
    settings = read_settings(state)
    terminal = _Terminal()
    if settings.broker_uid != os.getuid():
        terminal.warn(
            "The broker runs as another user: it is not seen from here whether one of its releases is open, and its log gets no event."
            " Teach only while no agent shops."
        )
    lesson = Lesson(url, chromium_path(browser, BRANDED), state.path, settings.folder, _who(), sandbox=settings.sandbox)
    if watch(lesson, terminal) is None:
        raise typer.Exit(1)


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List what was taught: where the number goes. With --json also the shop, the account, and everything else of the entry."""
    from broker.egress.taught import read_taught
    from broker.install.egress import read_settings

    entries = read_taught(read_settings(folder(context)).folder)
    newest_first = sorted(entries, key=lambda entry: entry.confirmed_at, reverse=True)
    rows = [entry.wire() | {"destination": f"{entry.host}{entry.path}"} for entry in newest_first]
    columns = (("confirmedAt", "Taught"), ("id", "Id"), ("destination", "The number goes to"))
    show_list(rows, columns, as_json=as_json, empty=as_typed(folder(context), "Nothing was taught yet: ledgeros teach URL"))


@app.command("forget")
def forget_(context: typer.Context, entry_id: Annotated[str, typer.Argument(help="Its id, from the list.", show_default=False)]) -> None:
    """Forget what was taught: the egress sends no number there from its next request on."""
    from broker.install.egress import read_settings
    from broker.teach import forget

    state = folder(context)
    gone = forget(state.path, read_settings(state).folder, entry_id)
    if gone is None:
        raise LedgerError(404, "not_found", "Nothing of that id was taught.", "List what was: ledgeros teach list")
    say(f"{gone.id} is forgotten: {gone.origin} is not paid at {gone.host} any more")


class _Terminal:
    def say(self, line: str) -> None:
        say(escape(line))

    def warn(self, line: str) -> None:
        say(f"[bold yellow]! {escape(line)}[/bold yellow]")

    def confirm(self, question: str) -> bool:
        return typer.confirm(question, default=False)


def _require_terminal() -> None:
    # Nothing turns this off: who answers here decides where a number may go.
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        what = "Only a person at a terminal teaches: pipes and files are not heard."
        raise LedgerError(409, "no_terminal", what, "Run it in a terminal: ledgeros teach URL")


def _leave_in_order() -> None:
    # A terminal that is closed ends its command. What the person did in the shop must not stay behind in a profile.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def _who() -> str:
    import pwd  # not on Windows, where there is no egress either

    return pwd.getpwuid(os.getuid()).pw_name
