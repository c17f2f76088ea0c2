"""``ledgeros bench``: what a redeem, a fill and a paused payment cost, beside a floor measured in the same run. Needs a clone."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from broker.cli import bench_start
from broker.cli.output import console, errors, say
from broker.install.layout import clone_root

if TYPE_CHECKING:
    from tests.bench.fill import FillTimes
    from tests.bench.redeem import RedeemCost
    from tests.bench.swap import SwapTimes

app = typer.Typer(help="Measure; nothing here is asserted by the tests.", no_args_is_help=False, rich_markup_mode=None)
bench_start.register(app)

Count = Annotated[int, typer.Option(min=1, help="How many.", show_default=True)]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Measure; without a command, everything."""
    sys.path.insert(0, str(clone_root()))
    if context.invoked_subcommand is None:
        _require_browser()  # before anything is measured
        redeem()
        fill()
        swap()
        bench_start.start()


@app.command("redeem")
def redeem(count: Count = 2_000) -> None:
    """CPU of a whole redeem at LedgerOS, beside the floor and OpenBao's unwrap."""
    import asyncio

    from tests.bench import redeem as bench

    with tempfile.TemporaryDirectory() as folder, console.status("redeem") as status:
        cost = asyncio.run(bench.run(Path(folder), count, status.update))
    _keep("redeem", bench.as_json(cost))
    _show_redeem(cost, bench.BOUND)


@app.command("fill")
def fill(count: Count = 200) -> None:
    """Milliseconds from the click on Approve to filled fields, in Chromium."""
    import asyncio

    from broker.install.extension_build import build_extension
    from tests.bench import fill as bench

    _require_browser()
    build_extension(errors.print)
    with console.status("fill") as status:
        times = asyncio.run(bench.run(count, status.update))
    _keep("fill", times.as_json())
    _show_fill(times)


@app.command("swap")
def swap(count: Count = 200) -> None:
    """Milliseconds that pausing adds to a page's requests and to its payment, in Chromium."""
    from broker.core import event_loop
    from broker.install.extension_build import build_extension
    from tests.bench import swap as bench

    _require_browser()
    extension = build_extension(errors.print)
    with console.status("swap") as status:
        times = event_loop.run(bench.run(extension, count, status.update))
    _keep("swap", times.as_json())
    _show_swap(times, bench.P50_MS, bench.P99_MS)


def _require_browser() -> None:
    from broker.install.browsers import chromium_path

    chromium_path()


def _show_redeem(cost: RedeemCost, bound: float) -> None:
    columns = ("", "CPU µs a request", "× floor", "signature checks apart", "in single turns")
    table = Table(*columns, title="Redeem", title_justify="left", box=None)
    table.add_row("floor", f"{cost.floor.cpu_us:.0f}", "1.0", "", "")
    for name, ratio in cost.ratios().items():
        run = getattr(cost, name)
        colour = "green" if ratio <= bound else "red"
        low, high = cost.spread()[name]
        judged, spread = f"[{colour}]{ratio:.2f}[/] (≤ {bound})", f"{low:.2f} to {high:.2f}"
        table.add_row(f"redeem, {name}", f"{run.cpu_us:.0f}", f"{run.cpu_us / cost.floor.cpu_us:.2f}", judged, spread)
    if cost.openbao is not None:
        table.add_row("OpenBao unwrap", f"{cost.openbao.cpu_us:.0f}", f"{cost.openbao.cpu_us / cost.floor.cpu_us:.2f}", "", "")
    console.print(table)
    say(f"Signature checks: device key {cost.device_signature_us:.0f} µs, passkey {cost.passkey_signature_us:.0f} µs more.")


def _show_fill(times: FillTimes) -> None:
    from tests.bench.fill import P50_MS, P99_MS, STAGES, nearest_rank

    table = Table("", "p50 ms", "p99 ms", "max", title="Click on Approve → fields filled", title_justify="left", box=None)
    cells = [(times.at(0.5), P50_MS), (times.at(0.99), P99_MS)]
    judged = [f"[{'green' if value <= bound else 'red'}]{value:.0f}[/] (≤ {bound:.0f})" for value, bound in cells]
    table.add_row("click → last field", *judged, f"{times.milliseconds[-1]:.0f}")
    for name, series in ((words, times.stages[name]) for name, words in STAGES.items()):
        table.add_row(f"  {name}", *(f"{nearest_rank(series, share):.1f}" for share in (0.5, 0.99)), f"{series[-1]:.1f}")
    table.add_row(
        "a message on the same way", *(f"{nearest_rank(times.floor, share):.1f}" for share in (0.5, 0.99)), f"{times.floor[-1]:.1f}"
    )
    console.print(table)


def _show_swap(times: SwapTimes, p50: float, p99: float) -> None:
    from tests.bench.fill import nearest_rank

    def judged(added: list[float]) -> list[str]:
        return [
            f"[{'green' if value <= bound else 'red'}]{value:.1f}[/] (≤ {bound:.0f})"
            for value, bound in zip(added, (p50, p99), strict=True)
        ]

    def show(title: str, rows: dict[str, list[float]], plain: list[float], bounded: tuple[str, ...]) -> None:
        table = Table("", "p50 ms", "p99 ms", "p50 adds", "p99 adds", title=title, title_justify="left", box=None)
        for name, series in rows.items():
            at = [nearest_rank(series, share) for share in (0.5, 0.99)]
            added = [value - nearest_rank(plain, share) for value, share in zip(at, (0.5, 0.99), strict=True)]
            cells = judged(added) if name in bounded else [f"{value:.1f}" for value in added]
            table.add_row(name, *(f"{value:.1f}" for value in at), *(cells if series is not plain else []))
        console.print(table)

    for title, look in (("Requests in a row", times.in_a_row), ("A request alone, after half a second of quiet", times.alone)):
        rows = {
            "unwatched": look.plain, "floor: paused by nothing but Chromium": look.bare_pause, "watched, no stand-in in it": look.watched,
            "floor: paused, to a native host and back": look.bare_answer, "paid, by a peer in place of broker and egress": look.paid,
        }  # fmt: skip
        show(title, rows, look.plain, ("watched, no stand-in in it", "paid, by a peer in place of broker and egress"))
    whole = {"unwatched": times.whole_plain, "paid": times.whole_paid}
    show("A payment through every process, to a merchant behind TLS, alone", whole, times.whole_plain, ("paid",))
    say(f"The peer's own request takes {nearest_rank(times.sent_on, 0.5):.1f} ms.")


def _keep(name: str, record: dict[str, object]) -> None:
    folder = clone_root() / ".ledgeros" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    say(f"[dim]Kept in {path.relative_to(clone_root())}[/dim]")
