"""Asking the extension about every page of a set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.async_api import Error

from broker.formlab.browser import Lab, open_labs
from broker.formlab.pages import LabelledPage, Predictions
from broker.formlab.serve import serve_pages

TABS = 2
ATTEMPTS = 2
TIMING_ROUNDS = 9
Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class BuiltExtension:
    """Where the unpacked extension lies, and its id."""

    folder: Path
    identifier: str


@dataclass(frozen=True, slots=True)
class PageTime:
    """Milliseconds for one page, medians."""

    path: str
    controls: int
    floor: float
    scan: float


async def predict(
    folder: Path, pages: list[LabelledPage], extension: BuiltExtension, advance: Advance, *, strip: bool = False
) -> Predictions:
    """What the extension takes every control for; `strip` removes autocomplete attributes first.

    A page that does not load, twice, is missing in the answer.
    """
    answers = await _ask_all(folder, pages, extension, advance, "predictions", strip)
    return {path: dict(answer) for path, answer in answers.items()}


async def time_pages(folder: Path, pages: list[LabelledPage], extension: BuiltExtension, advance: Advance) -> list[PageTime]:
    """How long the floor and a whole classification take on every page."""
    answers = await _ask_all(folder, pages, extension, advance, "timing", strip=False)
    return [PageTime(path, int(a["controls"]), float(a["floor"]), float(a["scan"])) for path, a in sorted(answers.items())]


async def _ask_twice(lab: Lab, url: str, call: str, strip: bool) -> Any:
    for _ in range(ATTEMPTS):
        with suppress(Error):
            return await lab.ask(url, call, strip=strip, argument=TIMING_ROUNDS)
    return None


async def time_generated(folder: Path, extension: BuiltExtension, controls: int) -> PageTime:
    """How long a generated page of `controls` controls takes."""
    async with serve_pages(folder) as base, open_labs(extension.folder, extension.identifier, 1) as labs:
        found = await labs[0].ask(f"{base}/generated/{controls}", "timing", strip=False, argument=TIMING_ROUNDS)
    return PageTime(f"generated, {controls} controls", int(found["controls"]), float(found["floor"]), float(found["scan"]))


async def _ask_all(
    folder: Path, pages: list[LabelledPage], extension: BuiltExtension, advance: Advance, call: str, strip: bool
) -> dict[str, Any]:
    waiting = list(reversed(pages))
    answers: dict[str, Any] = {}

    async def work(lab: Lab) -> None:
        while waiting:
            page = waiting.pop()
            answer = await _ask_twice(lab, f"{base}/{quote(page.path)}", call, strip)
            if answer is not None:
                answers[page.path] = answer
            advance()

    async with serve_pages(folder) as base, open_labs(extension.folder, extension.identifier, TABS) as labs:
        await asyncio.gather(*(work(lab) for lab in labs))
    return answers
