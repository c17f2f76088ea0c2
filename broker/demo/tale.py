"""Telling what happens: a spinner with words while a step runs, a tick and its time when it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from broker.core.errors import LedgerError


class StepFailedError(Exception):
    """A step of the story did not happen; carries its words and the cause."""

    def __init__(self, step: str, cause: LedgerError) -> None:
        super().__init__(step)
        self.step = step
        self.cause = cause


@dataclass(slots=True)
class Step:
    """A running step; set `result` for what is said beside it at the end."""

    result: str = ""


class Tale:
    """Prints steps to a console; without a terminal only finished lines appear."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def chapter(self, title: str) -> None:
        """A heading."""
        self._console.print(f"\n[bold]{title}[/bold]")

    def note(self, text: str) -> None:
        """A line that is no step."""
        self._console.print(f"  [dim]{text}[/dim]")

    @contextmanager
    def step(self, words: str) -> Iterator[Step]:
        """Run one step; anything that goes wrong in it becomes a `StepFailedError` that names it."""
        began = time.monotonic()
        step = Step()
        try:
            with self._console.status(words):
                yield step
        except Exception as error:
            self._console.print(f"  [red]✕[/red] {words}")
            cause = error if isinstance(error, LedgerError) else LedgerError(500, "step_failed", _one_line(error))
            raise StepFailedError(words, cause) from error
        result = f"  [dim]{step.result}[/dim]" if step.result else ""
        self._console.print(f"  [green]✓[/green] {words}{result}  [dim]{_seconds(time.monotonic() - began)}[/dim]", soft_wrap=True)

    @property
    def seconds(self) -> float:
        """Since the tale began."""
        return time.monotonic() - self._began


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _one_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300] if text else 'no details'}"
