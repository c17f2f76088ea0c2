"""``ledgeros doctor``."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import typer
from rich.markup import escape

from broker.cli.broker import DEFAULT_PORT as AGENT_PORT
from broker.cli.issuer import DEFAULT_BROKER_PORT, DEFAULT_PORT
from broker.cli.output import errors, say, show_json
from broker.cli.state import AsJson, as_typed, folder

_MARKS = {"fault": "[red]✕[/red]", "caution": "[yellow]![/yellow]"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Look for what is wrong with this installation; each finding comes with its cure. Exit status 1 when something is."""
    from broker.install.doctor import CHECKS, Machine, Port, diagnose
    from broker.install.registry import host_registry

    state = folder(context)
    home = Path.home()
    ports = (
        Port("issuer", DEFAULT_PORT, "--port"),
        Port("issuer", DEFAULT_BROKER_PORT, "--broker-port"),
        Port("broker", AGENT_PORT, "--agent-port"),
    )
    with errors.status("looking"):
        findings = diagnose(Machine(state, home, host_registry(home, state.host), ports))
    findings = [replace(finding, cure=as_typed(state, finding.cure)) for finding in findings]
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(f"{_MARKS[finding.severity]} [bold]{finding.name}[/bold]  {escape(finding.what)}")
            say(f"  → {escape(finding.cure)}")
        if not findings:
            say(f"[green]✓[/green] Nothing is wrong: {len(CHECKS)} checks.")
    raise typer.Exit(int(any(finding.severity == "fault" for finding in findings)))
