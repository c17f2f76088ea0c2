"""What the commands share: the state folder they work on, and how to name it."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from typing import Annotated

import typer

from broker.install.layout import StateFolder, default_state

# The script of a clone says what was typed to start it; processes that this one starts were not typed.
_STARTED_AS = os.environ.pop("LEDGEROS_COMMAND", "ledgeros")
_COMMAND = re.compile(r"(?<![./])\bledgeros (?=[a-z])")


@dataclass(frozen=True, slots=True)
class CliState:
    """The options of the root command."""

    folder: StateFolder


def folder(context: typer.Context) -> StateFolder:
    """The state folder of this invocation."""
    found = context.find_object(CliState)
    assert found is not None
    return found.folder


def started_as() -> str:
    """How this command was started, for a shell."""
    return shlex.quote(_STARTED_AS)


def as_typed(state: StateFolder, words: str) -> str:
    """`words` with their commands as they are typed here: with the script of a clone, and with a state folder that is not the usual one."""
    command = started_as()
    if state.path != default_state().expanduser().absolute():
        command += f" --state {shlex.quote(str(state.path))}"
    return _COMMAND.sub(lambda _: f"{command} ", words)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
