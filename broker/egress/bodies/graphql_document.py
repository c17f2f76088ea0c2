"""A GraphQL document of which only one shape is taken, so that a registered argument path means one place.

One mutation calls one field. Beside the field's arguments stand variables with their types and defaults,
and selections without arguments; no directive can take the field out again, no second operation or spread
can bring another in. That holds for us and for every server that goes by the specification.
"""

from __future__ import annotations

from collections.abc import Iterator

from broker.egress.bodies.graphql_grammar import Reader, Value, Variable
from broker.egress.bodies.text import Text
from broker.egress.refusal import field_mismatch


class Mutation:
    """The one mutation of a document. `source` is the decoded query text that knows its place in the body."""

    def __init__(self, source: Text, root_field: str) -> None:
        reader = Reader(source)
        self._arguments = reader.mutation(root_field)
        self._usable = {name for name in reader.declared if reader.used[name] == 1}

    def argument(self, path: tuple[str, ...]) -> Text | Variable | None:
        """What is given at `path` of the root field's arguments: a string, a variable that stands nowhere else, or nothing."""
        value: Value = self._arguments
        for depth, name in enumerate(path):
            value = value.get(name) if isinstance(value, dict) else None
            if isinstance(value, Variable):
                return self._variable(value.name, path[depth + 1 :])
        return value if isinstance(value, Text) else None

    def literals(self) -> Iterator[tuple[tuple[str, ...], Text]]:
        """Every string that stands in the document as an argument, with its path."""
        yield from _literals((), self._arguments)

    def _variable(self, name: str, rest: tuple[str, ...]) -> Variable:
        if name not in self._usable:
            raise field_mismatch()
        return Variable(name, rest)


def _literals(path: tuple[str, ...], value: Value) -> Iterator[tuple[tuple[str, ...], Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _literals((*path, name), member)
