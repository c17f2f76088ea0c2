"""``ledgeros forms``: measure the form engine on labelled pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from broker.cli.output import console, errors, say

if TYPE_CHECKING:
    from broker.formlab.pages import LabelledPage, Predictions
    from broker.formlab.run import Advance, BuiltExtension


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("forms")(forms)


def forms(
    forms: Annotated[Path, typer.Option(help="Folder with labels.jsonl and pages/.", metavar="DIR", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Write the predictions here as JSON.", show_default=False)] = None,
    no_autocomplete: Annotated[bool, typer.Option("--no-autocomplete", help="Remove autocomplete attributes first.")] = False,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="Also list every field that was read wrongly.")] = False,
    bench: Annotated[bool, typer.Option("--bench", help="Measure time instead: beside a plain walk, and while waiting.")] = False,
    duckduckgo: Annotated[
        Path | None, typer.Option(help="With --bench: their dist/autofill-debug.js, to be measured beside.", show_default=False)
    ] = None,
) -> None:
    """Score what the built extension would fill on labelled pages, in Chromium."""
    import asyncio

    from broker.formlab.pages import load_pages

    pages = load_pages(forms)
    extension = _extension()
    if bench:
        _bench(forms, pages, extension, duckduckgo)
        return
    from broker.formlab.run import predict

    with _progress(len(pages), "reading forms") as advance:
        predictions = asyncio.run(predict(forms, pages, extension, advance, strip=no_autocomplete))
    if lost := [page.path for page in pages if page.path not in predictions]:
        errors.print(f"[yellow]{len(lost)} pages did not load and count as not understood:[/yellow] {', '.join(lost[:5])}")
    if out:
        out.write_text(json.dumps(predictions, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _show(forms, pages, predictions)
    if mistakes:
        _list_mistakes(pages, predictions)
    if out:
        say(f"predictions: {out}")


def _extension() -> BuiltExtension:
    from broker.formlab.run import BuiltExtension
    from broker.install.extension_build import build_extension, extension_id

    folder = build_extension(lambda text: errors.print(f"[dim]{text}[/dim]"))
    return BuiltExtension(folder, extension_id())


def _show(folder: Path, pages: list[LabelledPage], predictions: Predictions) -> None:
    from broker.formlab.folds import family_scores, fold_scores
    from broker.formlab.pages import BILLING_TYPES, CARD_TYPES
    from broker.formlab.report import FOLDS_MEAN, engine_table, fold_table, other_engines, type_table
    from broker.formlab.score import score

    ours = score(pages, predictions, CARD_TYPES)
    console.print(type_table("card", ours))
    console.print(type_table("billing", score(pages, predictions, BILLING_TYPES)))
    known = {name: found for name, found in other_engines(folder).items() if any(page.path in found for page in pages)}
    console.print(engine_table({"LedgerOS": ours, **{name: score(pages, found, CARD_TYPES) for name, found in known.items()}}))
    console.print(fold_table(fold_scores(pages, predictions), family_scores(pages, predictions)))
    console.print(f"[dim]{FOLDS_MEAN}[/dim]")


def _list_mistakes(pages: list[LabelledPage], predictions: Predictions) -> None:
    from broker.formlab.pages import CARD_TYPES
    from broker.formlab.score import score

    for mistake in score(pages, predictions, CARD_TYPES).mistakes:
        console.print(f"{mistake.path} {mistake.index}: {mistake.expected or '–'} taken for {mistake.found or '–'}", markup=False)


def _bench(folder: Path, pages: list[LabelledPage], extension: BuiltExtension, duckduckgo: Path | None) -> None:
    import asyncio

    from broker.formlab.bench import measure
    from broker.formlab.beside import measure_beside
    from broker.formlab.report import beside_table, bounds_table, idle_table, time_table

    with _progress(len(pages), "timing forms") as advance:
        bench = asyncio.run(measure(folder, pages, extension, advance))
    for table in (time_table(bench), idle_table(bench.idle), bounds_table(bench)):
        console.print(table)
    if duckduckgo is not None:
        with _progress(len(pages), "timing both") as advance:
            console.print(beside_table(asyncio.run(measure_beside(folder, pages, extension, duckduckgo, advance))))


@contextmanager
def _progress(total: int, words: str) -> Iterator[Advance]:
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(words, total=total)
        yield lambda: progress.advance(task)
