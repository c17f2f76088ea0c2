"""Checkouts and other forms put together from words, names, layouts and shapes; the same ones every time.

Nothing here is written to the clone: ``python -m tests.browser.forms.stress.make FOLDER`` writes the pages with their labels, and a test
makes them where it wants them.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.browser.forms.stress.drawn import Page, drawn_pages
from tests.browser.forms.stress.form import Form, brand, code, decoy, expiry, holder, months, number
from tests.browser.forms.stress.layouts import LAYOUTS, Row, text_before
from tests.browser.forms.stress.names import CONVENTIONS, MUTE
from tests.browser.forms.stress.words import CARD, DECOYS

CARD_PAGES = 192
OTHER_PAGES = 160
_SEED = 20260401
# What stands together on pages that take no card.
_SCENES: tuple[tuple[str, ...], ...] = (
    ("gift", "gift pin"), ("gift",), ("bank", "bank"), ("bank", "birth"), ("otp",), ("birth", "identity"), ("loyalty",),
    ("loyalty", "birth"), ("coupon",), ("search", "coupon"), ("identity", "birth"), ("sim",), ("gift", "coupon"), ("identity", "otp"),
    ("sim", "otp"), ("bank", "otp"), ("loyalty", "gift pin"), ("identity",),
)  # fmt: skip


def pages() -> Iterator[Page]:
    """All pages."""
    for place in range(CARD_PAGES):
        yield _card_page(place)
    for place in range(OTHER_PAGES):
        yield _other_page(place)
    yield from drawn_pages()


def write_pages(folder: Path) -> None:
    """Write all pages and their labels, as :mod:`broker.formlab` reads them."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    lines = []
    for page in pages():
        path = f"pages/{page.name}.html"
        html = f'<!doctype html><html lang="{page.language}"><meta charset="utf-8"><title>form</title><body>{page.body}</body></html>\n'
        (folder / path).write_text(html, encoding="utf-8")
        fields = [{"index": index, "expected": expected, "visible": True} for index, expected in page.expected]
        label = {"path": path, "lang": page.language, "family": f"made:{page.language}", "has_card": page.has_card, "fields": fields}
        lines.append(json.dumps(label))
    (folder / "labels.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _card_page(place: int) -> Page:
    chance = random.Random(_SEED + place)
    languages = list(CARD)
    conventions = [*CONVENTIONS, *MUTE, *MUTE, *MUTE]
    layout = LAYOUTS[(place * 7) % len(LAYOUTS)]
    form = Form(chance, languages[place % len(languages)], chance.choice(conventions), layout, f"p{place}")
    if chance.random() < 0.25:
        decoy(form)
    steps = [number, expiry, code]
    if chance.random() < 0.75:
        steps.insert(chance.choice((0, 1, 3)), holder)
    if chance.random() < 0.12:
        steps.insert(0, brand)
    if chance.random() < 0.15:
        steps[steps.index(expiry)], steps[steps.index(code)] = code, expiry
    for step in steps:
        step(form)
    if chance.random() < 0.3:
        decoy(form)
    name = f"card-{place:03}-{form.language}-{form.convention.replace(' ', '-')}-{form.layout.__name__}"
    return Page(name, form.language, form.html(), tuple(enumerate(form.expected)), has_card=True)


def _other_page(place: int) -> Page:
    chance = random.Random(_SEED * 3 + place)
    form = Form(chance, "en", chance.choice(("camel", *MUTE)), LAYOUTS[(place * 5) % len(LAYOUTS)], f"o{place}")
    scene = _SCENES[place % len(_SCENES)]
    language = chance.choice(list(DECOYS[scene[0]]))
    for kind in scene:
        words = chance.choice(DECOYS[kind].get(language) or DECOYS[kind]["en"])
        if kind == "birth" and chance.random() < 0.5:
            _birth_selects(form, words)
        else:
            form.decoy(kind, words, "type=search" if kind == "search" else chance.choice(("type=text", "type=text", "type=tel")))
    if chance.random() < 0.3:
        form.expected.append(None)
        form.row(chance.choice(("Valid until", "Expiry date")), f'<input id="{form.seed}-v" name="expires" type=text>')
    name = f"other-{place:03}-{language}-{'-'.join(scene).replace(' ', '-')}-{form.layout.__name__}"
    return Page(name, language, form.html(), tuple(enumerate(form.expected)), has_card=False)


def _birth_selects(form: Form, words: str) -> None:
    lists = {
        "day": [str(day) for day in range(1, 32)],
        "month": months(form.chance),
        "year": [str(year) for year in range(2012, 1920, -1)],
    }
    options = {name: "".join(f"<option>{value}</option>" for value in values) for name, values in lists.items()}
    controls = " ".join(f'<select id="{form.seed}-{name}" name="{name}">{listed}</select>' for name, listed in options.items())
    form.expected += [None, None, None]
    form.parts.append(text_before(Row(words, controls, f"{form.seed}-day")))


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
