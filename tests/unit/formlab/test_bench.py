"""What the bench says of its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from broker.core.errors import LedgerError
from broker.formlab.bench import IDLE_PAGES, Bench, IdleCost, PageTime, idle_pages
from broker.formlab.beside import Beside, measure_beside
from broker.formlab.pages import LabelledField, LabelledPage
from broker.formlab.report import beside_table, bounds_table, idle_table
from broker.formlab.run import BuiltExtension


def shown(table: Table) -> list[str]:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def bench(*, scan: float, large: float, still: float, observers: int) -> Bench:
    idle = [IdleCost("small", 1, 0.1, 0.1, 0.2), IdleCost("wide", observers, 2.0, still, 0.3)]
    return Bench([PageTime("a", 10, 1.0, scan, 9.0), PageTime("b", 30, 3.0, scan, 9.0)], PageTime("large", 2000, 2.0, large, 9.0), idle)


def test_all_scans_are_measured_beside_all_floors() -> None:
    assert bench(scan=8.0, large=1.0, still=0.0, observers=1).ratio == 4.0


def test_every_bound_says_whether_it_holds() -> None:
    holding = shown(bounds_table(bench(scan=10.0, large=20.0, still=1.0, observers=1)))
    assert [line.rpartition(" ")[2] for line in holding[-4:]] == ["holds"] * 4
    broken = shown(bounds_table(bench(scan=10.1, large=20.1, still=1.1, observers=2)))
    assert all(line.endswith("does not hold") for line in broken[-4:])


def test_the_dearest_page_counts_for_what_waiting_costs() -> None:
    assert shown(idle_table(bench(scan=1.0, large=1.0, still=0.4, observers=1).idle))[-1] == "1 2.00 0.40 0.30"


def test_a_set_in_which_every_page_has_a_card_form_says_nothing_of_waiting() -> None:
    measured = replace(bench(scan=9.0, large=19.0, still=0.9, observers=1), idle=[])
    assert not any("waiting" in line or "without a card form" in line for line in shown(bounds_table(measured)))
    assert len(shown(idle_table([]))) == 2


def test_the_largest_pages_without_a_card_are_watched() -> None:
    def page(fields: int, has_card: bool) -> LabelledPage:
        entries = tuple(LabelledField(index, None, frozenset(), counts=True) for index in range(fields))
        return LabelledPage(f"{fields}", "en", "f", has_card, entries)

    chosen = idle_pages([page(size, has_card) for size in range(40) for has_card in (True, False)])
    assert [len(chosen_page.fields) for chosen_page in chosen] == list(range(39, 39 - IDLE_PAGES, -1))
    assert not any(chosen_page.has_card for chosen_page in chosen)


def test_another_scanner_is_shown_as_a_multiple_of_ours() -> None:
    assert shown(beside_table(Beside(3, ours=2.0, theirs=25.0)))[-1] == "DuckDuckGo's scanner 25.0 12.5"


async def test_a_file_that_is_not_their_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "forms.js").write_text("")
    (tmp_path / "other.js").write_text("alert(1)")
    with pytest.raises(LedgerError, match="not the bundle"):
        await measure_beside(tmp_path, [], BuiltExtension(tmp_path, "id"), tmp_path / "other.js", lambda: None)
