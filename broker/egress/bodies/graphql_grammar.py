"""The grammar of the one GraphQL document that is taken: a mutation that calls one field, and fragments (October 2021, section 2).

Read in full, from the first token to the last. Directives, arguments of selections and other operations are
no part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from broker.egress.bodies.graphql_tokens import Token, tokens_of
from broker.egress.bodies.text import Text
from broker.egress.refusal import field_mismatch

_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that comes from the variables: its name, and what is left of the path inside it."""

    name: str
    rest: tuple[str, ...] = ()


Value: TypeAlias = "Text | Variable | dict[str, Value] | None"
"""A string, a variable, an object, or anything else, in which nothing is looked for."""


class Reader:
    """Reads `source`; raises `RefusedError` (field mismatch) for any other shape. `used` counts variables in values."""

    def __init__(self, source: Text) -> None:
        self._source = source
        self._tokens = tokens_of(source.characters)
        self._position = 0
        self._depth = 0
        self.declared: set[str] = set()
        self.used: Counter[str] = Counter()

    def mutation(self, root_field: str) -> dict[str, Value]:
        """The arguments of the root field."""
        self._take("mutation")
        if self._next.kind == "name":
            self._name()
        if self._next.text == "(":
            self._variables()
        self._take("{")
        self._alias()
        self._take(root_field)
        arguments = self._members("(", ")")
        if self._next.text == "{":
            self._selection()
        self._take("}")
        while self._next.kind != "end":
            self._take("fragment")
            if self._name() == "on":
                raise field_mismatch()
            self._on_type()
            self._selection()
        return arguments

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _advance(self) -> Token:
        token = self._next
        if token.kind == "end":
            raise field_mismatch()
        self._position += 1
        return token

    def _take(self, text: str) -> None:
        if self._advance().text != text:
            raise field_mismatch()

    def _skip(self, text: str) -> bool:
        found = self._next.text == text
        self._position += found
        return found

    def _name(self) -> str:
        token = self._advance()
        if token.kind != "name":
            raise field_mismatch()
        return token.text

    def _alias(self) -> None:
        if self._next.kind == "name" and self._tokens[self._position + 1].text == ":":
            self._position += 2

    def _on_type(self) -> None:
        self._take("on")
        self._name()

    def _variables(self) -> None:
        self._take("(")
        while not self._skip(")"):
            self._take("$")
            name = self._name()
            if name in self.declared:
                raise field_mismatch()
            self.declared.add(name)
            self._take(":")
            self._type()
            if self._skip("="):
                self._value()
        if self.used or not self.declared:  # a default is constant
            raise field_mismatch()

    def _type(self) -> None:
        with self._one_deeper():
            if self._skip("["):
                self._type()
                self._take("]")
            else:
                self._name()
            self._skip("!")

    def _selection(self) -> None:
        with self._one_deeper():
            self._take("{")
            self._selected()
            while not self._skip("}"):
                self._selected()

    def _selected(self) -> None:
        if self._skip("..."):
            self._fragment()
            return
        self._alias()
        self._name()
        if self._next.text == "{":
            self._selection()

    def _fragment(self) -> None:
        if self._next.text not in ("on", "{"):
            self._name()
            return
        if self._next.text == "on":
            self._on_type()
        self._selection()

    def _members(self, opening: str, closing: str) -> dict[str, Value]:
        members: dict[str, Value] = {}
        self._take(opening)
        while not self._skip(closing):
            name = self._name()
            if name in members:
                raise field_mismatch()
            self._take(":")
            members[name] = self._value()
        return members

    def _value(self) -> Value:
        with self._one_deeper():
            token = self._next
            if token.text == "{":
                return self._members("{", "}")
            self._advance()
            if token.kind == "string":
                return self._source.slice(token.start + 1, token.end - 1)
            if token.text == "$":
                return self._use(self._name())
            if token.text == "[":
                while not self._skip("]"):
                    self._value()
            elif token.kind == "mark":
                raise field_mismatch()
            return None

    def _use(self, name: str) -> Variable:
        self.used[name] += 1
        return Variable(name)

    @contextmanager
    def _one_deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise field_mismatch()
        yield
        self._depth -= 1
