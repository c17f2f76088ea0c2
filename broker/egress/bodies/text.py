"""Text that remembers where it came from: each decoded character knows its span in the raw body.

A digit written as ``4``, ``%34`` or ``\\u0034`` is one character here; replacing it touches only its
own span. Decoders stack: a GraphQL literal inside a JSON string is decoded twice and still knows
its place in the raw body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEPARATORS = " -\u00a0\u2009\u202f\t"
"""What may stand between the digits of a number that a person or a mask typed."""

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
        """The digits without separators; None when anything else stands there."""
        digits = "".join(character for character in self.characters if character not in SEPARATORS)
        return digits if digits.isascii() and digits.isdigit() else None

    def replacements(self, digits: str) -> list[tuple[Span, str]]:
        """What to write where, so that this text shows `digits` (as many as it has) in the same format."""
        places = [span for character, span in zip(self.characters, self.spans, strict=True) if character not in SEPARATORS]
        return list(zip(places, digits, strict=True))


Field = tuple[str, Callable[[], Text]]
"""A field's name, and its value when asked for: a body holds megabytes of values that nobody asks for."""


def verbatim(raw: str, start: int, end: int) -> Text:
    """Part of the raw body in which every character stands for itself."""
    return Text(raw[start:end], [(i, i + 1) for i in range(start, end)])
