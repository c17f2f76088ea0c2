"""JSON (RFC 8259): find the value at a pointer with its exact span, without changing anything else.

Subtrees beside the path are skipped by the standard library's scanner; only objects and arrays on
the path are walked here. A name that occurs twice on the path is refused, in any case: parsers disagree on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from broker.egress.bodies.names import member
from broker.egress.bodies.text import Span, Text, verbatim
from broker.egress.refusal import body_not_readable, field_mismatch

Path = tuple[str, ...]
ANY_INDEX = "*"

_LONGEST = 100_000

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING_UNIT = re.compile(r'\\u([0-9a-fA-F]{4})|\\(["\\/bfnrt])|([^"\\\x00-\x1f])')
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _no_constant(name: str) -> NoReturn:
    raise ValueError("not JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def pointer(text: str) -> Path:
    """The segments of an RFC 6901 pointer."""
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in text.split("/")[1:])


class Document:
    """A valid JSON text; raises `RefusedError` (body not readable) for anything else."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        try:
            _decoder.decode(raw)
        except (ValueError, RecursionError):
            raise body_not_readable() from None

    def names(self) -> set[str]:
        """The member names of the whole document when it is an object, else none."""
        start = self._skip_space(0)
        return {name for name, _ in self._members(start)} if self.raw[start] == "{" else set()

    def find(self, path: Path) -> list[int]:
        """Where the values at `path` begin; empty when there is none."""
        return list(self._walk(self._skip_space(0), path))

    def text(self, start: int) -> Text | None:
        """The string or integer at `start`; None for any other value, and for a string too long to be what we look for."""
        if self.raw[start] == '"':
            return self._string(start) if self._end(start) - start <= _LONGEST else None
        number = _NUMBER.match(self.raw, start)
        return verbatim(self.raw, start, number.end()) if number and number[0].isdigit() else None

    def is_string(self, start: int) -> bool:
        """Whether the value at `start` is a string (a number cannot begin with a zero)."""
        return self.raw[start] == '"'

    def _walk(self, start: int, path: Path) -> Iterator[int]:
        if not path:
            yield start
        elif self.raw[start] == "{":
            wanted = member(path[0])
            found = [(name, value) for name, value in self._members(start) if member(name) == wanted]
            if len(found) > 1:
                raise field_mismatch()
            for name, value in found:
                if name == path[0]:
                    yield from self._walk(value, path[1:])
        elif self.raw[start] == "[":
            for index, value in enumerate(self._items(start)):
                if path[0] in (ANY_INDEX, str(index)):
                    yield from self._walk(value, path[1:])

    def _members(self, start: int) -> Iterator[tuple[str, int]]:
        position = self._skip_space(start + 1)
        while self.raw[position] == '"':
            name, end = _decoder.raw_decode(self.raw, position)
            value = self._skip_space(self._skip_space(end) + 1)
            yield name, value
            position = self._skip_space(self._end(value))
            position = self._skip_space(position + 1) if self.raw[position] == "," else position

    def _items(self, start: int) -> Iterator[int]:
        position = self._skip_space(start + 1)
        while self.raw[position] != "]":
            yield position
            position = self._skip_space(self._end(position))
            position = self._skip_space(position + 1) if self.raw[position] == "," else position

    def _string(self, start: int) -> Text:
        characters: list[str] = []
        spans: list[Span] = []
        position = start + 1
        while match := _STRING_UNIT.match(self.raw, position):
            code, escape, plain = match.groups()
            characters.append(chr(int(code, 16)) if code else _ESCAPES.get(escape, escape) if escape else plain)
            spans.append(match.span())
            position = match.end()
        return Text("".join(characters), spans)

    def _skip_space(self, position: int) -> int:
        match = _SPACE.match(self.raw, position)
        return match.end() if match else position

    def _end(self, start: int) -> int:
        return _decoder.raw_decode(self.raw, start)[1]
