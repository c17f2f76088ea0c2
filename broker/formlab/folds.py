"""The score by family: how much it hangs on whose pages were looked at.

The rules and terms are written by hand, so nothing is trained per fold: each fold's score is that of the same
engine on families it may not have been written with. A wide spread says that it remembers pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from broker.formlab.pages import CARD_TYPES, LabelledPage, Predictions, families
from broker.formlab.score import score

FOLDS = 5
_SEED = 20260101


@dataclass(frozen=True, slots=True)
class FoldScore:
    """The F1 of one fold and how many card pages it has."""

    f1: float
    macro_f1: float
    card_pages: int
    card_pages_right: int


def fold_scores(pages: list[LabelledPage], predictions: Predictions, folds: int = FOLDS) -> list[FoldScore]:
    """The score of each of `folds` parts; a family is never split over two."""
    parts: list[list[LabelledPage]] = [[] for _ in range(folds)]
    grouped = list(families(pages))
    random.Random(_SEED).shuffle(grouped)  # noqa: S311  # the split must be the same every time
    for place, (_, members) in enumerate(sorted(grouped, key=lambda pair: -sum(page.has_card for page in pair[1]))):
        parts[place % folds] += members
    results = [score(part, predictions, CARD_TYPES) for part in parts]
    return [FoldScore(r.micro.f1, r.macro_f1, r.card_pages, r.card_pages_right) for r in results]
