"""Running a server in the foreground."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Annotated

import typer

Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port on loopback; 0 takes a free one.")]


def serve(run: Callable[[], None], port: int, broker_port: int | None = None) -> None:
    """Call `run`; a port that is taken is said in words."""
    try:
        run()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        from broker.install.ports import port_taken

        wanted = {port: "--port"} if broker_port is None else {port: "--port", broker_port: "--broker-port"}
        raise port_taken(wanted) from None
