"""``ledgeros bench start``: what ``ledgeros up`` costs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typer
from rich.table import Table

from broker.cli.output import console


def register(app: typer.Typer) -> None:
    """Add the command to the benchmarks."""
    app.command("start")(start)


def start() -> None:
    """Seconds until `ledgeros up` is ready, on an empty state folder and later; CPU and memory of each process."""
    from broker.install import measure

    with tempfile.TemporaryDirectory() as folder, console.status("starting twice"):
        costs = measure.measure_start(Path(folder))
    table = Table("", "ready s", "CPU s", "resident MB", title="ledgeros up", title_justify="left", box=None)
    table.add_row("first start", _judged(costs.first.ready_seconds, measure.READY_SECONDS, 2))
    table.add_row("later start", _judged(costs.later.ready_seconds, measure.READY_SECONDS, 2))
    for name, seconds in costs.later.cpu_seconds.items():
        resident = costs.later.resident_mb[name]
        words = _judged(resident, measure.BROKER_MB, 0) if name == "broker" else f"{resident:.0f}"
        table.add_row(f"  {name}", "", f"{seconds:.2f}", words)
    console.print(table)


def _judged(value: float, bound: float, digits: int) -> str:
    return f"[{'green' if value <= bound else 'red'}]{value:.{digits}f}[/] (≤ {bound:g})"
