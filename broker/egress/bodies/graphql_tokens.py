"""The tokens of a GraphQL document, of which only those are known that every lexer reads alike.

The specification (October 2021, section 2.1) has more: block strings, in which a backslash escapes
nothing but three quotes; comments; escapes, of which some servers know ``\\u{…}`` and some do not; a
byte order mark. A page could use each of them to have the server find the number in another place
than we do, and no processor's client sends any, so a document that has one is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from broker.egress.refusal import body_not_readable

# In a string: no quote, backslash, control character, separator of lines, byte order mark, or half of a pair.
_PLAIN = r"[^\"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]"
_TOKEN = re.compile(
    r"(?P<skip>[ \t\r\n,]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>\.\.\.|[!$():=\[\]{}])"
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.])"
    rf'|(?P<string>"{_PLAIN}*")(?!")'
)
_MOST = 5_000

Kind = Literal["name", "mark", "number", "string", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `start` and `end` are its place in the document, a string's quotes included."""

    kind: Kind
    text: str
    start: int
    end: int


def tokens_of(document: str) -> list[Token]:
    """All tokens, and one ``end``; raises `RefusedError` (body not readable) for anything that is not plainly one."""
    tokens: list[Token] = []
    position = 0
    while position < len(document):
        match = _TOKEN.match(document, position)
        if match is None or len(tokens) > _MOST:
            raise body_not_readable()
        position = match.end()
        if match.lastgroup != "skip":
            tokens.append(Token(match.lastgroup, match[0], match.start(), position))  # type: ignore[arg-type]
    return [*tokens, Token("end", "", position, position)]
