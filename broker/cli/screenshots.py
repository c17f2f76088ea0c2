"""``ledgeros screenshots``."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("screenshots")(screenshots)


def screenshots() -> None:
    """Make the README's pictures from a run of the demo."""
    from broker.demo.browser import Look
    from broker.demo.pictures import collect
    from broker.demo.story import tell

    raise typer.Exit(tell(Look(), "surrogate", after=collect))
