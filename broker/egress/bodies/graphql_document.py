"""A GraphQL document (October 2021 specification) read just far enough to know what one mutation is given.

The document must hold one mutation with one root field and no spread beside it, so that a registered
argument path can mean nothing else. Selections, directives and types are skipped, not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from broker.egress.bodies.text import Span, Text
from broker.egress.refusal import body_not_readable, field_mismatch

_TOKEN = re.compile(
    r"(?P<skip>[\s,\ufeff]+|#[^\n\r]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<spread>\.\.\.)|(?P<punctuation>[!$&()\[\]{}:=@|])"
    r'|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<block>"""(?:[^"\\]|\\.|"(?!""))*""")|(?P<string>"(?:[^"\\\n\r]|\\.)*")',
    re.DOTALL,
)
_STRING_UNIT = re.compile(r'\\u([0-9a-fA-F]{4})|\\(["\\/bfnrt])|([^"\\])')
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_OPEN, _CLOSE = {"(", "[", "{"}, {")", "]", "}"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that comes from the variables: its name, and what is left of the path inside it."""

    name: str
    rest: tuple[str, ...]


class Mutation:
    """The one mutation of a document. `source` is the decoded query text that knows its place in the body."""

    def __init__(self, source: Text, root_field: str) -> None:
        self._source = source
        self._tokens = _tokens(source.characters)
        self._arguments = self._root_arguments(root_field)

    def argument(self, path: tuple[str, ...]) -> Text | Variable | None:
        """What is given at `path` of the root field's arguments: a literal, a variable, or nothing."""
        position: int | None = self._arguments
        for depth, name in enumerate(path):
            position = self._member(position, name)
            if position is None:
                return None
            token = self._tokens[position]
            if token.text == "$":
                return self._variable(position, path[depth + 1 :])
            if depth + 1 < len(path) and token.text != "{":
                return None
        return self._literal(self._tokens[position]) if position is not None else None

    def _root_arguments(self, root_field: str) -> int:
        """Index of the ``(`` that opens the root field's arguments."""
        position = self._expect(0, "mutation")
        position += self._tokens[position].kind == "name"
        if self._tokens[position].text == "(":
            position = self._after(position)
        position = self._expect(position, "{")
        if self._tokens[position + 1].text == ":":  # an alias
            position += 2
        arguments = self._expect(position, root_field)
        self._expect(arguments, "(")
        self._require_nothing_beside(self._after(arguments))
        return arguments

    def _require_nothing_beside(self, position: int) -> None:
        if self._tokens[position].text == "{":
            position = self._after(position)
        position = self._expect(position, "}")
        while self._tokens[position].kind != "end":
            position = self._expect(position, "fragment") + 3  # name, "on", type
            position = self._after(self._expect(position, "{") - 1)

    def _member(self, opening: int | None, name: str) -> int | None:
        """Index of the value of `name` inside the brackets at `opening`; a name given twice is refused."""
        found: list[int] = []
        position = (opening or 0) + 1
        while self._tokens[position].text not in _CLOSE:
            value = self._expect(position + 1, ":")
            if self._tokens[position].text == name:
                found.append(value)
            position = self._after_value(value)
        if len(found) > 1:
            raise field_mismatch()
        return found[0] if found else None

    def _after_value(self, position: int) -> int:
        token = self._tokens[position]
        if token.text in _OPEN:
            return self._after(position)
        return position + (2 if token.text == "$" else 1)

    def _after(self, opening: int) -> int:
        depth = 0
        for position in range(opening, len(self._tokens)):
            text = self._tokens[position].text
            depth += (text in _OPEN) - (text in _CLOSE)
            if depth == 0:
                return position + 1
        raise body_not_readable()

    def _expect(self, position: int, text: str) -> int:
        if position >= len(self._tokens) or self._tokens[position].text != text:
            raise field_mismatch()
        return position + 1

    def _variable(self, position: int, rest: tuple[str, ...]) -> Variable:
        name = self._tokens[position + 1].text
        uses = sum(
            1
            for dollar, following, after in zip(self._tokens, self._tokens[1:], self._tokens[2:], strict=False)
            if dollar.text == "$" and following.text == name and after.text != ":"
        )
        if uses != 1:
            raise field_mismatch()
        return Variable(name, rest)

    def _literal(self, token: _Token) -> Text | None:
        if token.kind == "number":
            return self._source.slice(token.start, token.end)
        return _unescaped(self._source, token.start + 1, token.end - 1) if token.kind == "string" else None


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise body_not_readable()
        position = match.end()
        if match.lastgroup != "skip":
            tokens.append(_Token(str(match.lastgroup), match[0], match.start(), match.end()))
    # Sentinels, so that looking ahead never runs off the end.
    return [*tokens, *[_Token("end", "", position, position)] * 3]


def _unescaped(source: Text, start: int, end: int) -> Text:
    characters: list[str] = []
    spans: list[Span] = []
    while start < end and (match := _STRING_UNIT.match(source.characters, start, end)):
        code, escape, plain = match.groups()
        characters.append(chr(int(code, 16)) if code else _ESCAPES.get(escape, escape) if escape else plain)
        spans.append((source.spans[match.start()][0], source.spans[match.end() - 1][1]))
        start = match.end()
    return Text("".join(characters), spans)
