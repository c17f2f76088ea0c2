"""A payment as a GraphQL mutation: which one it is, and where among its arguments the number is given.

An entry names the mutation. Without that a page could send the number along with a query of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from broker.egress.bodies.graphql_document import Mutation
from broker.egress.bodies.graphql_grammar import Variable
from broker.egress.bodies.text import verbatim
from broker.egress.refusal import RefusedError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ARGUMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*:")
_MOST_NAMES = 60
_DEEPEST = 2


def query_of(body: Any) -> str | None:
    """The operation that a JSON body gives variables to, empty where it only names one; None for a body that is no GraphQL."""
    return str(body.get("query", "")) if isinstance(body, dict) and "variables" in body else None


def root_field(query: str) -> str | None:
    """The root field of the one mutation in `query`; None where the egress would not read it."""
    return next((name for name in _unique(_NAME, query) if _mutation(query, name)), None)


def as_argument(query: str, root: str, pointer: str) -> str | None:
    """`pointer`, which leads into the variables, as a pointer into the arguments of `root`; None when it is given to none of them."""
    mutation, segments = _mutation(query, root), pointer.split("/")[1:]
    if mutation is None or len(segments) < 2 or segments[0] != "variables":
        return None
    variable, rest, arguments = segments[1], segments[2:], _unique(_ARGUMENT, query)
    for depth in range(1, _DEEPEST + 1):
        for path in product(arguments, repeat=depth):
            if _is_variable(mutation, path, variable):
                return "/".join(["", *path, *rest])
    return None


def literals(query: str, root: str) -> Iterator[tuple[str, str]]:
    """The strings that `query` itself gives to `root`, by pointers into its arguments."""
    mutation = _mutation(query, root)
    if mutation is not None:
        yield from (("/".join(["", *path]), text.characters) for path, text in mutation.literals())


def _is_variable(mutation: Mutation, path: tuple[str, ...], name: str) -> bool:
    try:
        return mutation.argument(path) == Variable(name, ())
    except RefusedError:
        return False


def _mutation(query: str, root: str) -> Mutation | None:
    try:
        return Mutation(verbatim(query, 0, len(query)), root)
    except RefusedError:
        return None


def _unique(pattern: re.Pattern[str], query: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(query)))[:_MOST_NAMES]
