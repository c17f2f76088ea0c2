"""Composition of the commands, and how an error looks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from broker.cli import usage
from broker.cli.help import EXAMPLES, GroupedHelp
from broker.cli.output import complain
from broker.cli.state import CliState
from broker.core.errors import LedgerError
from broker.install.layout import STATE_VARIABLE, StateFolder, default_state

_FILE_HINT = "Check that the place exists and is yours; another state folder is chosen with --state DIR."

app = typer.Typer(
    name="ledgeros",
    help="Virtual cards for AI agents: a person approves, the checkout is filled, no API tells the agent the number. Sandbox.",
    cls=GroupedHelp,
    epilog=EXAMPLES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    context: typer.Context,
    state: Annotated[
        Path | None,
        typer.Option(help="Folder that holds certificates, databases and keys.", metavar="DIR", envvar=STATE_VARIABLE, show_default=False),
    ] = None,
) -> None:
    """Options that every command takes."""
    context.obj = CliState(StateFolder((state or default_state()).expanduser().absolute()))


def main() -> None:
    """Run the command line. Expected faults end with a sentence, never with a traceback: status 2 for a wrong usage, otherwise 1."""
    try:
        app(prog_name="ledgeros")
    except LedgerError as error:
        complain(error)
        sys.exit(2 if error.code == usage.CODE else 1)
    except OSError as error:
        if error.filename is None:
            raise
        complain(LedgerError(500, "file_fault", f"{error.filename}: {error.strerror}.", _FILE_HINT))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
