"""``ledgeros demo``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from broker.cli.extras import require_extra
from broker.core.errors import LedgerError

_SHOPS = ("hosted", "first-party", "form", "json", "graphql", "multipart", "worker", "encrypting")
_KNOWN = {"SHOP": _SHOPS, "MODE": ("surrogate", "direct"), "HEADED": ("0", "1"), "THEME": ("light", "dark")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="KEY=VALUE: HEADED=1 opens windows and lets you click; MODE=direct shows the page the number; SHOP=json, form, graphql,"
            " multipart, worker, encrypting or first-party buys where the card goes another way than by a processor's frame."
        ),
    ] = None,
) -> None:
    """The whole chain in a real Chromium, told step by step."""
    chosen = demo_settings(settings or [])
    require_extra("demo", "playwright", "The demo drives a browser with Playwright, which is not installed.")
    from broker.demo.browser import Look
    from broker.demo.plan import Plan
    from broker.demo.shops.kinds import Kind
    from broker.demo.telling import tell

    look = Look(headed=chosen["HEADED"] == "1", dark=chosen["THEME"] == "dark")
    raise typer.Exit(tell(look, Plan(Kind(chosen["SHOP"]), "direct" if chosen["MODE"] == "direct" else "surrogate")))


def demo_settings(arguments: list[str]) -> dict[str, str]:
    """The demo's settings: arguments win over the environment, which wins over the defaults."""
    given = dict(argument.partition("=")[::2] for argument in arguments)
    if set(given) - set(_KNOWN):
        raise LedgerError(400, "unknown_setting", "The demo has no such setting.", f"Known, as NAME=VALUE: {', '.join(_KNOWN)}.")
    chosen = {name: given.get(name, os.environ.get(name, values[0])) for name, values in _KNOWN.items()}
    for name, value in chosen.items():
        if value not in _KNOWN[name]:
            raise LedgerError(400, "unknown_value", f"{name} cannot be what was given.", f"Choose one of: {', '.join(_KNOWN[name])}.")
    return chosen
