"""Scores as tables for a person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from statistics import mean

from rich.table import Table

from broker.formlab.bench import IDLE_MS, IDLE_OBSERVERS, LARGE_PAGE_MS, MOST_RATIO, Bench, IdleCost, PageTime
from broker.formlab.beside import Beside
from broker.formlab.folds import HeldOut
from broker.formlab.pages import Predictions
from broker.formlab.score import Score

WORST = 5
"""So many families are listed."""


def type_table(title: str, result: Score) -> Table:
    """Precision, recall and F1 of every type."""
    table = _table(title, "type", "right", "wrong", "missed", "precision", "recall", "F1")
    for name, tally in result.types.items():
        if tally.right + tally.wrong + tally.missed:
            table.add_row(name, str(tally.right), str(tally.wrong), str(tally.missed), *_shares(tally.precision, tally.recall, tally.f1))
    return table


def engine_table(results: dict[str, Score]) -> Table:
    """One line an engine: the figures that are compared."""
    table = _table("", "engine", "precision", "recall", "F1", "macro F1", "card pages all right", "other pages with a false card")
    for name, result in results.items():
        micro = result.micro
        table.add_row(
            name,
            *_shares(micro.precision, micro.recall, micro.f1, result.macro_f1),
            f"{result.card_pages_right} of {result.card_pages}",
            f"{result.other_pages_wrong} of {result.other_pages}",
        )
    return table


def fold_table(folds: list[HeldOut], by_family: list[HeldOut]) -> Table:
    """The score of each fold of families, the means, and the families that are not read without a mistake."""
    table = _table("cross-validated by family", "held out", "F1", "macro F1", "card pages all right", "other pages with a false card")
    for fold in folds:
        table.add_row(f"fold {fold.name}", *_shares(fold.f1, fold.macro_f1), _of(fold), str(fold.other_pages_wrong))
    for name, held in (("mean of the folds", folds), (f"mean of {len(by_family)} families", by_family)):
        if held:
            table.add_row(name, *_shares(mean(h.f1 for h in held), mean(h.macro_f1 for h in held)), "", "")
    for family in [held for held in by_family if held.f1 < 1][:WORST]:
        table.add_row(family.name, *_shares(family.f1, family.macro_f1), _of(family), str(family.other_pages_wrong))
    return table


def _of(held: HeldOut) -> str:
    return f"{held.card_pages_right} of {held.card_pages}"


FOLDS_MEAN = (
    "Every weight is set by hand, so nothing is fitted on the other folds: these figures say how evenly one engine reads families, "
    "not how it reads pages that nobody has looked at."
)


def time_table(bench: Bench) -> Table:
    """The sum over all pages beside the floor, the slowest of them, and a very large page."""
    table = _table("time (ms, fastest of several rounds)", "pages", "controls", "floor", "scan", "ratio", "whole look")
    times = bench.pages
    sums = (sum(getattr(time, part) for time in times) for part in ("controls", "floor", "scan", "look"))
    total = PageTime(f"all {len(times)}", *sums)
    slowest = max(times, key=lambda t: t.scan)
    for row in (total, replace(slowest, path=f"slowest: {Path(slowest.path).name[-30:]}"), bench.large):
        table.add_row(
            row.path, str(row.controls), f"{row.floor:.2f}", f"{row.scan:.2f}", f"{row.scan / max(row.floor, 0.01):.2f}", f"{row.look:.2f}"
        )
    return table


def idle_table(costs: list[IdleCost]) -> Table:
    """What waiting costs the pages without a card form, the dearest of each."""
    table = _table(
        f"{len(costs)} large pages without a card form (ms, the dearest)", "observers", "one look", "standing still", "while it changes"
    )
    if costs:
        dearest = [max(values) for values in zip(*((c.look, c.still, c.busy) for c in costs), strict=True)]
        table.add_row(str(max(cost.observers for cost in costs)), *(f"{value:.2f}" for value in dearest))
    return table


def beside_table(beside: Beside) -> Table:
    """The scan beside DuckDuckGo's."""
    table = _table(f"{beside.pages} pages, both in one page (ms)", "", "fastest rounds", "times ours")
    table.add_row("LedgerOS", f"{beside.ours:.1f}", "1.0")
    table.add_row("DuckDuckGo's scanner", f"{beside.theirs:.1f}", f"{beside.theirs / max(beside.ours, 0.001):.1f}")
    return table


def bounds_table(bench: Bench) -> Table:
    """What was promised of the time, and whether it holds here."""
    table = _table("bounds", "", "measured", "at most", "")
    rows: list[tuple[str, float, float, str]] = [
        ("all scans beside all floors", bench.ratio, MOST_RATIO, ""),
        (bench.large.path, bench.large.scan, LARGE_PAGE_MS, " ms"),
    ]
    if bench.idle:  # every page of the set may have a card form
        rows.append(("a page without a card form, standing still", max(cost.still for cost in bench.idle), IDLE_MS, " ms"))
        rows.append(("its mutation observers", max(cost.observers for cost in bench.idle), IDLE_OBSERVERS, ""))
    for name, value, most, unit in rows:
        shown = str(value) if isinstance(value, int) else f"{value:.2f}"
        table.add_row(name, f"{shown}{unit}", f"{most:g}{unit}", "holds" if value <= most else "[red]does not hold[/red]")
    return table


def other_engines(folder: Path) -> dict[str, Predictions]:
    """Predictions of other engines for the same pages, where they lie beside `folder`."""
    return {
        path.name.removesuffix(".pred.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder.resolve().parent / "engines").glob("*.pred.json"))
    }


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title or None, box=None, pad_edge=False, header_style="dim", title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 else "right")
    return table


def _shares(*values: float) -> list[str]:
    return [f"{value:.3f}" for value in values]
