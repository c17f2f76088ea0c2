"""What the commands share: the state folder they work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from broker.install.layout import StateFolder


@dataclass(frozen=True, slots=True)
class CliState:
    """The options of the root command."""

    folder: StateFolder


def folder(context: typer.Context) -> StateFolder:
    """The state folder of this invocation."""
    found = context.find_object(CliState)
    assert found is not None
    return found.folder


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
