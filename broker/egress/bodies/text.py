"""Text that remembers where it came from: each decoded character knows its span in the raw body.

A digit written as ``4``, ``%34`` or ``\\u0034`` is one character here; replacing it touches only its
own span. Decoders stack: a GraphQL literal inside a JSON string is decoded twice and still knows
its place in the raw body.

Of a number's spelling nothing is the page's to choose: what is sent are its digits alone, since an
endpoint may answer with the field as it got it, in a form that only this spelling is searched in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEPARATORS = " \u00a0\u2009\u202f-"
"""One of these may stand between two digits of a number that a person or a mask typed."""

_SEPARATOR = re.compile(f"[{SEPARATORS}]")
_TYPED = re.compile(f"[0-9](?:[{SEPARATORS}]?[0-9])*")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded `characters`, and for each the half-open span of the raw body that it was decoded from."""

    characters: str
    spans: Sequence[Span]

    def slice(self, start: int, end: int) -> Text:
        """Characters `start` to `end`."""
        return Text(self.characters[start:end], self.spans[start:end])

    def digits(self) -> str | None:
        """The digits of a number as it is typed; None when anything else stands there."""
        return _SEPARATOR.sub("", self.characters) if _TYPED.fullmatch(self.characters) else None

    def replacements(self, digits: str) -> list[tuple[Span, str]]:
        """What to write where, so that this text is `digits`, as many as it has, and nothing between them."""
        written = iter(digits)
        return [
            (span, "" if character in SEPARATORS else next(written)) for character, span in zip(self.characters, self.spans, strict=True)
        ]


Field = tuple[str, Callable[[], Text]]
"""A field's name, and its value when asked for: a body holds megabytes of values that nobody asks for."""


def verbatim(raw: str, start: int, end: int) -> Text:
    """Part of the raw body in which every character stands for itself."""
    return Text(raw[start:end], [(i, i + 1) for i in range(start, end)])
