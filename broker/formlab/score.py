"""Scores: per type, over all fields, and per page.

Only visible fields count, as only those are filled. A page counts as right when every field of the asked types
is right and no other field was taken for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from broker.formlab.pages import LabelledField, LabelledPage, Predictions, token


@dataclass(frozen=True, slots=True)
class Tally:
    """Right, wrong and missed fields of one type."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0


@dataclass(frozen=True, slots=True)
class Mistake:
    """One field that was read wrongly."""

    path: str
    index: int
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one classifier over pages."""

    types: dict[str, Tally]
    card_pages: int
    card_pages_right: int
    other_pages: int
    other_pages_wrong: int
    mistakes: tuple[Mistake, ...]

    @property
    def micro(self) -> Tally:
        """All types together."""
        tallies = self.types.values()
        return Tally(sum(t.right for t in tallies), sum(t.wrong for t in tallies), sum(t.missed for t in tallies))

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the types that occur."""
        occurring = [tally.f1 for tally in self.types.values() if tally.right + tally.missed]
        return sum(occurring) / len(occurring) if occurring else 0.0


def score(pages: Iterable[LabelledPage], predictions: Predictions, types: Sequence[str]) -> Score:
    """Score `predictions` for the fields of `types`."""
    asked = frozenset(types)
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    mistakes: list[Mistake] = []
    counted: Counter[str] = Counter()
    for page in pages:
        found = _compare(page, predictions.get(page.path, {}), asked, right)
        mistakes += found
        wrong.update(m.found for m in found if m.found in asked)
        missed.update(m.expected for m in found if m.expected in asked)
        _count(page, found, asked, counted)
    tallies = {name: Tally(right[name], wrong[name], missed[name]) for name in types}
    return Score(
        types=tallies,
        card_pages=counted["card"],
        card_pages_right=counted["card right"],
        other_pages=counted["other"],
        other_pages_wrong=counted["other wrong"],
        mistakes=tuple(mistakes),
    )


def _compare(page: LabelledPage, found: dict[str, str | None], asked: frozenset[str], right: Counter[str]) -> list[Mistake]:
    mistakes = []
    for field in page.fields:
        if not field.counts:
            continue
        guess = _guess(field, found)
        if guess == field.expected:
            if guess in asked:
                right[guess] += 1
        elif guess in asked or field.expected in asked:
            mistakes.append(Mistake(page.path, field.index, field.expected, guess))
    return mistakes


def _guess(field: LabelledField, found: dict[str, str | None]) -> str | None:
    guess = token(found.get(str(field.index)))
    return field.expected if guess in field.accepted else guess


def _count(page: LabelledPage, mistakes: list[Mistake], asked: frozenset[str], counted: Counter[str]) -> None:
    if not page.has_card:
        counted["other"] += 1
        counted["other wrong"] += any(mistake.found in asked for mistake in mistakes)
    elif any(field.counts and field.expected in asked for field in page.fields):
        counted["card"] += 1
        counted["card right"] += not mistakes
