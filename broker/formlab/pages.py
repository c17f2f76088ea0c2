"""Labelled pages: what each control of a page is, as a person said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.core.errors import LedgerError

CARD_TYPES = ("cc-number", "cc-exp", "cc-exp-month", "cc-exp-year", "cc-csc", "cc-name", "cc-type")
BILLING_TYPES = (
    "name", "given-name", "family-name", "address-line1", "address-line2", "address-level2", "address-level1",
    "postal-code", "country", "tel", "email",
)  # fmt: skip
_SYNONYMS = {"street-address": "address-line1", "country-name": "country"}

Predictions = dict[str, dict[str, str | None]]
"""Path of a page to control index (as text) to autocomplete token."""


@dataclass(frozen=True, slots=True)
class LabelledField:
    """One control; `index` counts ``input, select, textarea`` in document order."""

    index: int
    expected: str | None
    accepted: frozenset[str]
    counts: bool


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """One page of the set; pages of one `family` have one author or template."""

    path: str
    language: str
    family: str
    has_card: bool
    fields: tuple[LabelledField, ...]


def load_pages(folder: Path) -> list[LabelledPage]:
    """The pages that ``labels.jsonl`` in `folder` names; a `LedgerError` where it cannot be read."""
    labels = folder / "labels.jsonl"
    if not labels.is_file() or not (folder / "pages").is_dir():
        raise LedgerError(400, "no_forms", f"{folder} has no labels.jsonl beside pages/.", "Name a folder of labelled forms with --forms.")
    try:
        return [_page(json.loads(line)) for line in labels.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (ValueError, KeyError, TypeError) as fault:
        raise LedgerError(400, "bad_labels", "labels.jsonl cannot be read.", "Each line is a JSON object with path and fields.") from fault


def token(value: str | None) -> str | None:
    """A token as it is compared: synonyms are one, and so are all kinds of telephone numbers."""
    if not value:
        return None
    return "tel" if value.startswith("tel") else _SYNONYMS.get(value, value)


def families(pages: list[LabelledPage]) -> Iterator[tuple[str, list[LabelledPage]]]:
    """The pages by family, sorted by name."""
    grouped: dict[str, list[LabelledPage]] = {}
    for page in pages:
        grouped.setdefault(page.family, []).append(page)
    yield from sorted(grouped.items())


def _page(line: dict[str, Any]) -> LabelledPage:
    return LabelledPage(
        path=line["path"],
        language=line.get("lang") or "",
        family=line.get("family") or line["path"],
        has_card=bool(line["has_card"]),
        fields=tuple(_field(field) for field in line["fields"]),
    )


def _field(field: dict[str, Any]) -> LabelledField:
    accepted = frozenset(known for value in field.get("accept") or () if (known := token(value)))
    return LabelledField(field["index"], token(field["expected"]), accepted, bool(field["visible"]) and not field.get("ignore"))
