"""``application/x-www-form-urlencoded`` (WHATWG URL, section 5): names and values between ``&`` and ``=``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from broker.egress.bodies.text import Field, Span, Text

_HEX = frozenset("0123456789abcdefABCDEF")
_LONGEST_NAME = 1_000  # encoded; a registered name has at most 200 characters


def fields(raw: str) -> Iterator[Field]:
    """Every name with its value, in order. `raw` is the body as Latin-1, so a character is a byte."""
    position = 0
    for pair in raw.split("&"):
        name, equals, value = pair.partition("=")
        start = position + len(name) + len(equals)
        if len(name) <= _LONGEST_NAME:
            yield _decode(raw, position, position + len(name)).characters, partial(_decode, raw, start, start + len(value))
        position += len(pair) + 1


def _decode(raw: str, start: int, end: int) -> Text:
    characters: list[str] = []
    spans: list[Span] = []
    while start < end:
        size = 3 if raw[start] == "%" and start + 2 < end and raw[start + 1] in _HEX and raw[start + 2] in _HEX else 1
        characters.append(chr(int(raw[start + 1 : start + 3], 16)) if size == 3 else " " if raw[start] == "+" else raw[start])
        spans.append((start, start + size))
        start += size
    return Text("".join(characters), spans)
