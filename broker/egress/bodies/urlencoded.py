"""``application/x-www-form-urlencoded`` (WHATWG URL, section 5): names and values between ``&`` and ``=``.

Refused is what no browser writes and some servers read: ``;`` between two fields, as HTML 4 once
advised, and ``%u006b`` in a name, which is a letter to ASP.NET.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from broker.egress.bodies.text import Field, Span, Text
from broker.egress.refusal import body_not_readable

SEMICOLON = re.compile(r";[^&;=]*=")
"""Where the next field begins to whoever takes a semicolon for the end of one."""

_HEX = frozenset("0123456789abcdefABCDEF")
_LONGEST_NAME = 1_000  # encoded; a registered name has at most 200 characters
_BLANKS = re.compile(r"(?:[ +]|%20)*")


def fields(raw: str) -> Iterator[Field]:
    """Every name with its value, in order. `raw` is the body as Latin-1, so a character is a byte. Long names come shortened."""
    if SEMICOLON.search(raw):
        raise body_not_readable()
    position = 0
    for pair in raw.split("&"):
        name, equals, value = pair.partition("=")
        if "%u" in name or "%U" in name:
            raise body_not_readable()
        start = position + len(name) + len(equals)
        yield _name(raw, position, position + len(name)), partial(_decode, raw, start, start + len(value))
        position += len(pair) + 1


def _name(raw: str, start: int, end: int) -> str:
    if end - start > _LONGEST_NAME:
        blanks = _BLANKS.match(raw, start, end)
        assert blanks is not None
        start = blanks.end()  # nothing says how many there may be before a name
    return _decode(raw, start, min(end, start + _LONGEST_NAME)).characters


def _decode(raw: str, start: int, end: int) -> Text:
    characters: list[str] = []
    spans: list[Span] = []
    while start < end:
        size = 3 if raw[start] == "%" and start + 2 < end and raw[start + 1] in _HEX and raw[start + 2] in _HEX else 1
        characters.append(chr(int(raw[start + 1 : start + 3], 16)) if size == 3 else " " if raw[start] == "+" else raw[start])
        spans.append((start, start + size))
        start += size
    return Text("".join(characters), spans)
