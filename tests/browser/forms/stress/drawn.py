"""Checkouts and other forms drawn by hand.

``drawn.html`` follows the habits of shop systems and payment pages, ``homemade.html`` those of people who write a page themselves,
``unseen_cards.html`` and ``unseen_others.html`` were drawn before anybody looked at what the engine makes of them.

A form follows a line ``## card|other LANGUAGE NAME``. A control says what it is in ``want``, which is taken out before the page is
served; one without it is no part of a card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^## (card|other) (\S+) (.+)\n", re.MULTILINE)
_CONTROL = re.compile(r"<(?:input|select|textarea)\b[^>]*>", re.IGNORECASE)
_WANT = re.compile(r'\s?\bwant="?([a-z0-9-]+)"?')
_SILENT = re.compile(r"type=(?:hidden|submit|button|image|reset)")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_LISTS = {
    "{months}": "<option value=''>--</option>" + "".join(f"<option value={month}>{month:02}</option>" for month in range(1, 13)),
    "{years}": "<option value=''>--</option>" + "".join(f"<option>{year}</option>" for year in range(2026, 2038)),
    "{monthNames}": "".join(f"<option value={month}>{name}</option>" for month, name in enumerate(_MONTHS, start=1)),
    "{past}": "".join(f"<option>{year}</option>" for year in range(2024, 2005, -1)),
    "{counts}": "".join(f"<option>{count}</option>" for count in range(1, 10)),
    "{births}": "".join(f"<option>{year}</option>" for year in range(2010, 1930, -1)),
    "{days}": "".join(f"<option>{day}</option>" for day in range(1, 32)),
}


@dataclass(frozen=True)
class Page:
    """One page and what its controls are, by index."""

    name: str
    language: str
    body: str
    expected: tuple[tuple[int, str | None], ...]
    has_card: bool


def drawn_pages() -> Iterator[Page]:
    """All drawn pages."""
    for source in ("drawn", "homemade", "unseen_cards", "unseen_others"):
        text = (Path(__file__).parent / f"{source}.html").read_text(encoding="utf-8")
        _, *parts = _HEADING.split(text)
        for kind, language, name, html in zip(parts[0::4], parts[1::4], parts[2::4], parts[3::4], strict=True):
            yield _page(f"{source}-{kind}-{name.replace(' ', '-')}", language, html, has_card=kind == "card")


def _page(name: str, language: str, html: str, *, has_card: bool) -> Page:
    for key, options in _LISTS.items():
        html = html.replace(key, options)
    tags = [match.group(0) for match in _CONTROL.finditer(html)]
    fields = tuple((index, _wanted(tag)) for index, tag in enumerate(tags) if not _SILENT.search(tag))
    return Page(name, language, _CONTROL.sub(lambda match: _WANT.sub("", match.group(0)), html), fields, has_card)


def _wanted(tag: str) -> str | None:
    match = _WANT.search(tag)
    return match.group(1) if match else None
