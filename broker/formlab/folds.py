"""The cross-validated score: families of pages are held out, a family never split.

Every weight and term of the engine is set by hand: there is nothing to fit on the other folds, and a held-out
family is read by the same engine. So the figures say how evenly it does over authors and templates. They do not say
how it does on pages that nobody looked at while writing it: for that a set is needed that stays closed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from broker.formlab.pages import CARD_TYPES, LabelledPage, Predictions, families
from broker.formlab.score import score

FOLDS = 5
_SEED = 20260101


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The score of what was held out, and how many card pages that has."""

    name: str
    f1: float
    macro_f1: float
    card_pages: int
    card_pages_right: int
    other_pages_wrong: int


def fold_scores(pages: list[LabelledPage], predictions: Predictions, folds: int = FOLDS) -> list[HeldOut]:
    """The score of each of `folds` parts of the families, even in card pages; a part without any has no score."""
    parts: list[list[LabelledPage]] = [[] for _ in range(folds)]
    grouped = list(families(pages))
    random.Random(_SEED).shuffle(grouped)  # noqa: S311  # the split must be the same every time
    for place, (_, members) in enumerate(sorted(grouped, key=lambda pair: -sum(page.has_card for page in pair[1]))):
        parts[place % folds] += members
    held = [_held_out(str(place), part, predictions) for place, part in enumerate(parts, start=1)]
    return [fold for fold in held if fold.card_pages]


def family_scores(pages: list[LabelledPage], predictions: Predictions) -> list[HeldOut]:
    """The score of each family that has a card form, the worst first."""
    scores = [_held_out(name, members, predictions) for name, members in families(pages)]
    return sorted((held for held in scores if held.card_pages), key=lambda held: (held.f1, held.name))


def _held_out(name: str, pages: Iterable[LabelledPage], predictions: Predictions) -> HeldOut:
    found = score(pages, predictions, CARD_TYPES)
    return HeldOut(name, found.micro.f1, found.macro_f1, found.card_pages, found.card_pages_right, found.other_pages_wrong)
