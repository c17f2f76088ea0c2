"""``ledgeros build-extension``."""

from __future__ import annotations

import typer

from broker.cli.output import errors, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("build-extension")(build)


def build() -> None:
    """Build the browser extension from its sources, when they changed."""
    from broker.install.extension_build import build_extension

    say(str(build_extension(lambda text: errors.print(f"[dim]{text}[/dim]"))))
