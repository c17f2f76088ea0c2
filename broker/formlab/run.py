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
Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class BuiltExtension:
    """Where the unpacked extension lies, and its id."""

    folder: Path
    identifier: str


async def predict(
    folder: Path, pages: list[LabelledPage], extension: BuiltExtension, advance: Advance, *, strip: bool = False
) -> Predictions:
    """What the extension takes every control for; `strip` removes autocomplete attributes first.

    A page that does not load, twice, is missing in the answer.
    """
    waiting = list(reversed(pages))
    answers: Predictions = {}

    async def work(lab: Lab) -> None:
        while waiting:
            page = waiting.pop()
            answer = await ask_twice(lab, f"{base}/{quote(page.path)}", "predictions", strip=strip)
            if answer is not None:
                answers[page.path] = dict(answer)
            advance()

    async with serve_pages(folder) as base, open_labs(extension.folder, extension.identifier, TABS) as labs:
        await asyncio.gather(*(work(lab) for lab in labs))
    return answers


async def ask_twice(lab: Lab, url: str, call: str, *, strip: bool = False, argument: int = 0) -> Any:
    """What the engine's `call` says of the page at `url`, or None when it does not load, twice."""
    for _ in range(ATTEMPTS):
        with suppress(Error):
            return await lab.ask(url, call, strip=strip, argument=argument)
    return None
