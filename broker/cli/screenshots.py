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
    from broker.demo.plan import Plan
    from broker.demo.shops.kinds import Kind
    from broker.demo.telling import tell

    raise typer.Exit(tell(Look(), Plan(Kind.HOSTED, "surrogate"), after=collect))
