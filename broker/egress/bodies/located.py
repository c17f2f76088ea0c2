"""From a body and a registry endpoint to the places of the number and the code, and to the body that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Protocol

from broker.egress.bodies import graphql, multipart, plain, urlencoded
from broker.egress.bodies.content_type import ContentType
from broker.egress.bodies.json_text import Document, pointer
from broker.egress.bodies.names import folded
from broker.egress.bodies.text import Field, Text
from broker.egress.refusal import body_not_readable, field_mismatch
from broker.protocol.processors import FORM, JSON, MULTIPART, Endpoint
from broker.protocol.surrogate import Surrogate

_MOST_FIELDS = 10_000

Kind = Literal["number", "securityCode"]


@dataclass(frozen=True, slots=True)
class _Field:
    kind: Kind
    text: Text
    leading_zero: bool


@dataclass(frozen=True, slots=True)
class Located:
    """A body whose registered fields hold the surrogate values, and nothing ambiguous."""

    raw: str
    encoding: Literal["latin-1", "utf-8"]
    fields: tuple[_Field, ...]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which kinds of field would be swapped."""
        return tuple(field.kind for field in self.fields)

    def replaced(self, number: str, security_code: str) -> bytes:
        """The body with these digits, and nothing between them, in the fields; every other byte is as it was.

        Raises `RefusedError` (field mismatch) when the code begins with a zero and stands as a bare number.
        """
        digits: dict[Kind, str] = {"number": number, "securityCode": security_code}
        if any(not field.leading_zero and digits[field.kind].startswith("0") for field in self.fields):
            raise field_mismatch()
        edits = sorted(edit for field in self.fields for edit in field.text.replacements(digits[field.kind]))
        pieces: list[str] = []
        position = 0
        for (start, end), digit in edits:
            pieces += [self.raw[position:start], digit]
            position = end
        return "".join([*pieces, self.raw[position:]]).encode(self.encoding)


class BodyReader(Protocol):
    """A body in which values can be looked up by the registry's field rules."""

    raw: str

    def values(self, rule: str) -> list[tuple[Text, bool]]:
        """The values at `rule`, each with whether it may begin with a zero."""
        ...

    def account_values(self, rule: str) -> list[str]:
        """The values of a field that names the merchant's account, in whatever spelling of its name some server takes them."""
        ...


def open_body(body: bytes, content_type: ContentType, endpoint: Endpoint) -> BodyReader:
    """Read `body` as what its content type says; raises `RefusedError` (body not readable)."""
    content_type.require_one_reading()
    if content_type.media_type != JSON:
        return _FormReader(body.decode("latin-1"), content_type)
    try:
        return _JsonReader(body.decode(), endpoint)
    except UnicodeDecodeError:
        raise body_not_readable() from None


def locate(reader: BodyReader, endpoint: Endpoint, surrogate: Surrogate) -> Located:
    """Where `surrogate` stands in the fields that `endpoint` names.

    The number field must hold the surrogate number, exactly once. The code's field may be missing
    or empty. Raises `RefusedError`: field mismatch, or body not readable.
    """
    number = _only(reader.values(endpoint.fields.number), surrogate.number, "number")
    if number is None:
        raise field_mismatch()
    rule = endpoint.fields.security_code
    code = _only(reader.values(rule), surrogate.security_code, "securityCode") if rule else None
    encoding: Literal["latin-1", "utf-8"] = "utf-8" if endpoint.content_type == JSON else "latin-1"
    return Located(reader.raw, encoding, (number, code) if code else (number,))


def form_fields(body: bytes, content_type: ContentType) -> list[tuple[str, str]]:
    """Names and values of a form, as requests are judged by them; raises `RefusedError` (body not readable)."""
    content_type.require_one_reading()
    return [(name, text().characters) for name, text in islice(_form_fields(body.decode("latin-1"), content_type), _MOST_FIELDS)]


class _FormReader:
    """Fields by name."""

    def __init__(self, raw: str, content_type: ContentType) -> None:
        self.raw = raw
        self._fields = list(islice(_form_fields(raw, content_type), _MOST_FIELDS + 1))
        if len(self._fields) > _MOST_FIELDS:
            raise body_not_readable()

    def values(self, rule: str) -> list[tuple[Text, bool]]:
        return [(text(), True) for name, text in self._fields if name == rule]

    def account_values(self, rule: str) -> list[str]:
        alike = folded(rule)
        return [text().characters for name, text in self._fields if folded(name) == alike]


class _JsonReader:
    """Fields by pointer, or by the arguments of a GraphQL mutation."""

    def __init__(self, raw: str, endpoint: Endpoint) -> None:
        self.raw = raw
        self._document = Document(raw)
        self._mutation = graphql.mutation_of(self._document, endpoint.graphql_field) if endpoint.graphql_field else None

    def values(self, rule: str) -> list[tuple[Text, bool]]:
        if self._mutation is not None:
            return graphql.values(self._document, self._mutation, rule)
        found = ((self._document.text(start), self._document.is_string(start)) for start in self._document.find(pointer(rule)))
        return [(text, is_string) for text, is_string in found if text is not None]

    def account_values(self, rule: str) -> list[str]:
        return [text.characters for text, _ in self.values(rule)]


def _form_fields(raw: str, content_type: ContentType) -> Iterator[Field]:
    if content_type.media_type == FORM:
        return urlencoded.fields(raw)
    return multipart.fields(raw, content_type) if content_type.media_type == MULTIPART else plain.fields(raw)


def _only(values: list[tuple[Text, bool]], digits: str, kind: Kind) -> _Field | None:
    if len(values) > 1:
        raise field_mismatch()
    if not values or not values[0][0].characters:
        return None
    text, leading_zero = values[0]
    if text.digits() != digits:
        raise field_mismatch()
    return _Field(kind, text, leading_zero)
