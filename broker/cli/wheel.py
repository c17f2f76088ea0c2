"""``ledgeros wheel``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.cli.output import errors
from broker.install.layout import clone_root


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("wheel")(wheel)


def wheel(
    target: Annotated[Path | None, typer.Argument(help="Folder for it; dist/ when none is named.", show_default=False)] = None,
) -> None:
    """Build the extension, then a wheel that contains it."""
    from broker.install.extension_build import build_extension
    from broker.install.wheel import make_wheel

    build_extension(lambda text: errors.print(f"[dim]{text}[/dim]"))
    typer.echo(str(make_wheel(target or clone_root() / "dist")))
