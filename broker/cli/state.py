"""What the commands share: the state folder they work on, and how to name it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Annotated

import typer

from broker.install.layout import StateFolder, default_state

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


def in_state(state: StateFolder, words: str) -> str:
    """`words` with the state folder in the commands that they name: copied from there they must find it again."""
    if state.path == default_state().expanduser().absolute():
        return words
    return _COMMAND.sub(lambda _: f"ledgeros --state {shlex.quote(str(state.path))} ", words)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
