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
    """Seconds until `ledgeros up` is ready, CPU and memory of both servers."""
    from broker.install import measure

    with tempfile.TemporaryDirectory() as folder, console.status("starting twice"):
        cost = measure.measure_start(Path(folder))
    table = Table("", "ready s", "CPU s", "resident MB", title="ledgeros up", title_justify="left", box=None)
    for name, seconds in cost.cpu_seconds.items():
        resident, bound = cost.resident_mb[name], measure.BROKER_MB if name == "broker" else None
        words = f"{resident:.0f}" if bound is None else f"{_judged(resident, bound, 0)} (≤ {bound:.0f})"
        ready = f"{_judged(cost.ready_seconds, measure.READY_SECONDS, 1)} (≤ {measure.READY_SECONDS})" if name == "up" else ""
        table.add_row(name, ready, f"{seconds:.2f}", words)
    console.print(table)


def _judged(value: float, bound: float, digits: int) -> str:
    return f"[{'green' if value <= bound else 'red'}]{value:.{digits}f}[/]"
