"""What the engine costs: beside a plain walk, on a very large page, on pages that have no card form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from broker.formlab.browser import open_labs
from broker.formlab.pages import LabelledPage
from broker.formlab.run import Advance, BuiltExtension, ask_twice
from broker.formlab.serve import serve_pages

MOST_RATIO = 5.0
"""A scan of all pages takes at most so many times the floor."""
LARGE_PAGE = 2000
"""Controls of the page that a scan must not choke on."""
LARGE_PAGE_MS = 20.0
IDLE_MS = 1.0
"""What a page without a card form may cost while it stands still."""
IDLE_OBSERVERS = 1

TIMING_ROUNDS = 9
IDLE_PAGES = 12
"""The pages without a card form that have the most controls: each is watched for a while."""
STILL_MS = 1000


@dataclass(frozen=True, slots=True)
class PageTime:
    """Milliseconds for one pass over one page, the fastest of several rounds: see ``extension/forms/engine/measure.ts``."""

    path: str
    controls: int
    floor: float
    scan: float
    look: float


@dataclass(frozen=True, slots=True)
class IdleCost:
    """Milliseconds that waiting for a form costs one page that has none: see ``extension/forms/engine/idle.ts``."""

    path: str
    observers: int
    look: float
    still: float
    busy: float


@dataclass(frozen=True, slots=True)
class Bench:
    """All that was measured in one run, in one tab, one page after the other."""

    pages: list[PageTime]
    large: PageTime
    idle: list[IdleCost]

    @property
    def ratio(self) -> float:
        """All scans beside all floors."""
        return sum(page.scan for page in self.pages) / max(sum(page.floor for page in self.pages), 0.001)


def idle_pages(pages: list[LabelledPage]) -> list[LabelledPage]:
    """The largest pages without a card form."""
    return sorted((page for page in pages if not page.has_card), key=lambda page: -len(page.fields))[:IDLE_PAGES]


async def measure(folder: Path, pages: list[LabelledPage], extension: BuiltExtension, advance: Advance) -> Bench:
    """Time every page of `pages`, the large one, and waiting on those without a card form; `advance` is called once a page of `pages`.

    A page that does not load, twice, is left out.
    """
    async with serve_pages(folder) as base, open_labs(extension.folder, extension.identifier, 1) as (lab,):
        times, costs = {}, {}
        for page in pages:
            times[page.path] = await ask_twice(lab, f"{base}/{quote(page.path)}", "timing", argument=TIMING_ROUNDS)
            advance()
        large = await lab.ask(f"{base}/generated/{LARGE_PAGE}", "timing", strip=False, argument=TIMING_ROUNDS)
        for page in idle_pages(pages):
            costs[page.path] = await ask_twice(lab, f"{base}/{quote(page.path)}", "idle", argument=STILL_MS)
    return Bench(
        [_time(path, answer) for path, answer in times.items() if answer],
        _time(f"generated, {LARGE_PAGE} controls", large),
        [IdleCost(path, **answer) for path, answer in costs.items() if answer],
    )


def _time(path: str, answer: dict[str, Any]) -> PageTime:
    return PageTime(path, int(answer["controls"]), float(answer["floor"]), float(answer["scan"]), float(answer["look"]))
