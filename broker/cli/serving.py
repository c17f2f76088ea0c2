"""Running a server in the foreground."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Annotated

import typer

from broker.core.errors import LedgerError

Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port on loopback; 0 takes a free one.")]


def serve(run: Callable[[], None], *ports: int) -> None:
    """Call `run`; a port that is taken is said in words."""
    try:
        run()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        named = " or ".join(map(str, ports))
        raise LedgerError(409, "port_taken", f"Port {named} is taken.", "Stop what listens there, or choose another with --port.") from None
