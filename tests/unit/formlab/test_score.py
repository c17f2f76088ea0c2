"""The form lab's scores, on cases small enough to count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from broker.core.errors import LedgerError
from broker.formlab.folds import family_scores, fold_scores
from broker.formlab.pages import CARD_TYPES, LabelledField, LabelledPage, Predictions, load_pages
from broker.formlab.score import score


def page(path: str, *expected: str | None, has_card: bool = True, family: str = "f") -> LabelledPage:
    fields = tuple(LabelledField(index, token, frozenset(), counts=True) for index, token in enumerate(expected))
    return LabelledPage(path, "en", family, has_card, fields)


def test_a_wrong_type_is_both_wrong_and_missed() -> None:
    result = score([page("a", "cc-number", "cc-csc")], {"a": {"0": "cc-number", "1": "cc-exp"}}, CARD_TYPES)
    assert (result.micro.right, result.micro.wrong, result.micro.missed) == (1, 1, 1)
    assert result.micro.f1 == 0.5
    assert (result.card_pages, result.card_pages_right) == (1, 0)


def test_a_decoy_that_is_taken_for_a_card_field_spoils_its_page() -> None:
    pages = [page("card", "cc-number", None), page("other", None, has_card=False)]
    result = score(pages, {"card": {"0": "cc-number", "1": "cc-csc"}, "other": {"0": "cc-number"}}, CARD_TYPES)
    assert (result.card_pages_right, result.other_pages, result.other_pages_wrong) == (0, 1, 1)


def test_fields_nobody_sees_do_not_count() -> None:
    unseen = LabelledField(0, "cc-number", frozenset(), counts=False)
    result = score([LabelledPage("a", "en", "f", has_card=True, fields=(unseen,))], {"a": {"0": "cc-csc"}}, CARD_TYPES)
    assert (result.micro.right, result.micro.wrong, result.card_pages) == (0, 0, 0)


def test_an_accepted_type_is_right() -> None:
    field = LabelledField(0, "name", frozenset({"cc-name"}), counts=True)
    result = score([LabelledPage("a", "en", "f", has_card=True, fields=(field,))], {"a": {"0": "cc-name"}}, ("name",))
    assert result.micro.right == 1


def test_a_family_is_never_split_over_two_folds() -> None:
    pages = [page(f"{family}{n}", "cc-number", family=family) for family in "abcdefg" for n in range(3)]
    right_for_a: Predictions = {p.path: {"0": "cc-number"} for p in pages if p.family == "a"}
    folds = fold_scores(pages, right_for_a, folds=7)
    assert sorted(fold.card_pages for fold in folds) == [3] * 7
    assert sorted(fold.f1 for fold in folds) == [0.0] * 6 + [1.0]


def test_the_worst_family_comes_first_and_families_without_a_card_are_left_out() -> None:
    pages = [page("a", "cc-number", family="even"), page("b", "cc-number", family="odd"), page("c", None, has_card=False, family="none")]
    held = family_scores(pages, {"a": {"0": "cc-number"}})
    assert [(family.name, family.f1, family.card_pages_right) for family in held] == [("odd", 0.0, 0), ("even", 1.0, 1)]


def test_folds_without_a_card_page_do_not_pull_the_mean_down() -> None:
    pages = [page("a", "cc-number", family="one"), page("b", None, has_card=False, family="other")]
    folds = fold_scores(pages, {"a": {"0": "cc-number"}})
    assert [(fold.f1, fold.card_pages) for fold in folds] == [(1.0, 1)]


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"labels\.jsonl"):
        load_pages(tmp_path)


def test_labels_are_read_with_their_synonyms(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    fields = [{"index": 0, "expected": "street-address", "visible": True}, {"index": 1, "expected": "tel-national", "visible": False}]
    (tmp_path / "labels.jsonl").write_text(json.dumps({"path": "pages/a.html", "has_card": False, "fields": fields}))
    (read,) = load_pages(tmp_path)
    assert [(field.expected, field.counts) for field in read.fields] == [("address-line1", True), ("tel", False)]
