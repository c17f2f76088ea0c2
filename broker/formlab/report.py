"""Scores as tables for a person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from broker.formlab.folds import FoldScore
from broker.formlab.pages import Predictions
from broker.formlab.run import PageTime
from broker.formlab.score import Score


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


def fold_table(folds: list[FoldScore]) -> Table:
    """The score of each fold of families, and the mean."""
    table = _table("by family", "fold", "F1", "macro F1", "card pages all right")
    for place, fold in enumerate(folds, start=1):
        table.add_row(str(place), *_shares(fold.f1, fold.macro_f1), f"{fold.card_pages_right} of {fold.card_pages}")
    mean = [sum(values) / len(folds) for values in zip(*((f.f1, f.macro_f1) for f in folds), strict=True)]
    table.add_row("mean", *_shares(*mean), "")
    return table


def time_table(times: list[PageTime], generated: PageTime) -> Table:
    """The sum over all pages beside the floor, the slowest of them, and a very large page."""
    table = _table("time (ms, medians of a page)", "pages", "controls", "floor", "scan", "ratio")
    total = PageTime(f"all {len(times)}", sum(t.controls for t in times), sum(t.floor for t in times), sum(t.scan for t in times))
    for row in (total, replace(max(times, key=lambda t: t.scan), path="slowest"), generated):
        table.add_row(row.path, str(row.controls), f"{row.floor:.2f}", f"{row.scan:.2f}", f"{row.scan / max(row.floor, 0.01):.2f}")
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
