"""The body of a request that was seen: its values by the names that a registry entry gives them, and where the card stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from broker.egress.bodies import ContentType, form_fields
from broker.protocol.processors import FORM, JSON, MULTIPART, TEXT
from broker.protocol.surrogate import Surrogate
from broker.teach import graphql
from broker.teach.fault import CannotBeTaughtError


@dataclass(frozen=True, slots=True)
class Placed:
    """The fields that hold the number and the code, by the names of an entry; of `mutation`'s arguments where there is one."""

    number: str
    security_code: str | None
    mutation: str | None = None


def placed(body: bytes, content_type: ContentType, stand_in: Surrogate) -> Placed:
    """Where `stand_in` is given; raises `CannotBeTaughtError`, or `RefusedError` for a body that the egress does not read."""
    if content_type.media_type not in (FORM, MULTIPART, JSON, TEXT):
        raise CannotBeTaughtError("Its body is neither a form nor JSON.")
    values = list(values_of(body, content_type))
    number = _first(values, lambda text: digits_of(text) == stand_in.number)
    if number is None:
        raise CannotBeTaughtError("The number stands in no field of its own.")
    found = Placed(number, _first(values, lambda text: text == stand_in.security_code))
    query = graphql.query_of(json.loads(body)) if content_type.media_type == JSON else None
    if query is None and "variables" in number.split("/"):
        raise CannotBeTaughtError("It gives variables to one of several operations, or to one that it wraps.")
    return found if query is None else _in_mutation(found, query)


def values_of(body: bytes, content_type: ContentType, mutation: str | None = None) -> Iterator[tuple[str, str]]:
    """Every field by its name, and what stands in it; of `mutation` its arguments, for a server goes by nothing else of the body."""
    if mutation is not None:
        yield from _arguments(json.loads(body), mutation)
        return
    if content_type.media_type != JSON:
        yield from form_fields(body, content_type)
        return
    try:
        yield from _pointers(json.loads(body), "")
    except (ValueError, RecursionError):
        raise CannotBeTaughtError("Its body is not JSON.") from None


def digits_of(text: str) -> str:
    """`text` without what people put between the digits of a number."""
    return re.sub(r"[ \-]", "", text)


def _in_mutation(found: Placed, query: str) -> Placed:
    root = graphql.root_field(query)
    number = root and graphql.as_argument(query, root, found.number)
    code = root and found.security_code and graphql.as_argument(query, root, found.security_code)
    if not root or not number or (found.security_code and not code):
        raise CannotBeTaughtError("It gives variables to an operation that cannot be told from others.")
    return Placed(number, code or None, root)


def _arguments(message: Any, root: str) -> Iterator[tuple[str, str]]:
    query = graphql.query_of(message) or ""
    yield from graphql.literals(query, root)
    for pointer, value in _pointers(message, ""):
        argument = graphql.as_argument(query, root, pointer)
        if argument is not None:
            yield argument, value


def _pointers(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _pointers(item, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for item in value:
            yield from _pointers(item, f"{at}/*")
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield at, str(value)


def _first(values: list[tuple[str, str]], fits: Callable[[str], bool]) -> str | None:
    """The name of the first field that fits."""
    return next((name for name, text in values if fits(text)), None)
