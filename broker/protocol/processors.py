"""The processor registry: where, and only where, a surrogate may be swapped for the real number.

What a page says never authorises a swap: host, path, method, content type and field names of a
request must all match one `Endpoint` of ``processors.json`` (knowledge that ships with us) or of
``taught.json`` (a person paid there once outside an agent's run and confirmed it).

Patterns. A host is exact, or ``*.suffix`` for exactly one more label. A path is absolute; a segment
is literal, or ``*`` for one segment of ``A–Z a–z 0–9 _ - ~``. Fields of forms are names; fields of
JSON are RFC 6901 pointers in which ``*`` stands for any array index; fields of GraphQL are pointers
into the arguments of the one registered root field, whether they come as literals or as variables.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from broker.core.origin import host_of, is_loopback
from broker.protocol.wire import Label, Millis, Origin, ShortText, Wire

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
TEXT = "text/plain"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HostRule = Annotated[str, StringConstraints(pattern=rf"^(\*\.)?({_LABEL}\.)*{_LABEL}$", max_length=253)]
PathRule = Annotated[str, StringConstraints(pattern=r"^(/(\*|[A-Za-z0-9_~-][A-Za-z0-9_.~-]*))+/?$|^/$", max_length=500)]
FieldRule = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=200)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]

_WILD_SEGMENT = re.compile(r"[A-Za-z0-9_~-]+")


class Source(Wire):
    """How we know: public documentation, a measurement of our own, or a person's teaching."""

    kind: Literal["documentation", "measured", "taught"]
    text: ShortText


class Fields(Wire):
    """Where the number and the security code stand in the request; null when the endpoint takes no code."""

    number: FieldRule
    security_code: FieldRule | None = None


class Account(Wire):
    """Where a request names the merchant's account; `name` is a header, query or field name, or a path segment's index from 0.

    `value` pins it; otherwise the first account a shop was paid through is remembered for that shop. `claim`
    is for values that change per session: when one is a signed token (RFC 7519), the account is its claim at
    this JSON pointer, on which the processor that signed it goes; any other value counts whole.
    """

    where: Literal["header", "query", "field", "path"]
    name: FieldRule
    value: Annotated[str, StringConstraints(max_length=500)] | None = None
    claim: FieldRule | None = None


class Challenge(Wire):
    """How an answer of this endpoint says that the bank asks the person first (3-D Secure).

    A JSON answer that holds one of `values` at `pointer`, or a redirect to one of `hosts`.
    """

    pointer: FieldRule | None = None
    values: tuple[Label, ...] = ()
    hosts: tuple[HostRule, ...] = ()


class Endpoint(Wire):
    """One kind of request that carries a readable card number to one place.

    `query` names the only query parameters allowed, `headers` those allowed beyond the general list.
    `first_party` restricts it to pages of the endpoint's own origin. `frame_hosts` are the hosts of
    the frames in which the processor shows its card fields: with them in the approved page the entry is
    usable there, from these frames. `processor` names whose account the request is for, across entries;
    without it that is the host. `graphql_field` is the root field of the only mutation allowed. `operation` are places
    that say which of several things at one address is done (``index.php?route=…``), with the values that are this one.
    `sandbox_only` entries work in sandbox mode alone, and there on any port.
    """

    encryption: Literal["plain"] = "plain"
    id: Slug
    name: Label
    processor: Slug | None = None
    host: HostRule
    path: PathRule
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    content_type: Literal["application/x-www-form-urlencoded", "multipart/form-data", "application/json", "text/plain"]
    graphql_field: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = None
    fields: Fields
    query: tuple[FieldRule, ...] = ()
    headers: tuple[HeaderName, ...] = ()
    accounts: tuple[Account, ...] = ()
    operation: tuple[Account, ...] = ()
    challenge: Challenge | None = None
    frame_hosts: tuple[HostRule, ...] = ()
    first_party: bool = False
    sandbox_only: bool = False
    source: Source

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.content_type == JSON and not all(rule.startswith("/") for rule in self.field_rules()):
            raise ValueError("fields of a JSON body are JSON pointers")
        if self.graphql_field and self.content_type != JSON:
            raise ValueError("a GraphQL body is JSON")
        return self

    def field_rules(self) -> tuple[str, ...]:
        """The rules of every field that may be swapped."""
        return tuple(rule for rule in (self.fields.number, self.fields.security_code) if rule is not None)

    def done_by_query(self) -> set[tuple[str, str | None]]:
        """The query parameters that say which operation it is, with their values."""
        return {(place.name, place.value) for place in self.operation if place.where == "query"}

    def matches(self, host: str, path: str, method: str) -> bool:
        """Whether a request goes to this endpoint."""
        return method == self.method and host_matches(self.host, host) and path_matches(self.path, path)


class EncryptingFrames(Wire):
    """A processor whose frames encrypt the card inside the browser: seen, named, never swapped."""

    encryption: Literal["client-side"] = "client-side"
    id: Slug
    name: Label
    frame_hosts: tuple[HostRule, ...]
    sandbox_only: bool = False
    source: Source


class TaughtEndpoint(Endpoint):
    """An endpoint that a person taught for pages of `origin`, outside any agent's run."""

    origin: Origin
    confirmed_by: Label
    confirmed_at: Millis


Processor = Annotated[Endpoint | EncryptingFrames, Field(discriminator="encryption")]

_bundled: TypeAdapter[tuple[Processor, ...]] = TypeAdapter(tuple[Processor, ...])
taught_entries: TypeAdapter[tuple[TaughtEndpoint, ...]] = TypeAdapter(tuple[TaughtEndpoint, ...])


@cache
def bundled_processors() -> tuple[Endpoint | EncryptingFrames, ...]:
    """The entries of ``processors.json``, validated; ids are unique, and each can be about a page."""
    entries = _bundled.validate_json(files("broker.protocol").joinpath("processors.json").read_bytes())
    if len({entry.id for entry in entries}) != len(entries):
        raise ValueError("processors.json holds an id twice")
    if any(isinstance(entry, Endpoint) and not (entry.first_party or (entry.frame_hosts and entry.accounts)) for entry in entries):
        raise ValueError("an entry of processors.json names no checkout, or no account in a request of many shops'")
    return entries


def host_matches(rule: str, host: str) -> bool:
    """Whether `host` (lower-case) is `rule`, or exactly one label below a ``*.`` rule."""
    if not rule.startswith("*."):
        return host == rule
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == rule[2:]


def path_matches(rule: str, path: str) -> bool:
    """Whether every segment of `path` is the rule's, ``*`` standing for one plain segment."""
    wanted, given = rule.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        bool(_WILD_SEGMENT.fullmatch(segment)) if rule_segment == "*" else segment == rule_segment
        for rule_segment, segment in zip(wanted, given, strict=True)
    )


def framed_by(entry: Endpoint | EncryptingFrames, frame_origin: str) -> bool:
    """Whether the processor shows its card fields in frames of `frame_origin`. Another port is another server, but on this machine."""
    host = host_of(frame_origin)
    there = frame_origin == f"https://{host}" or is_loopback(frame_origin)
    return there and any(host_matches(rule, host) for rule in entry.frame_hosts)


def entries_for_page(
    entries: tuple[Endpoint | EncryptingFrames, ...], origin: str, frame_origins: tuple[str, ...], *, sandbox: bool
) -> tuple[Endpoint | EncryptingFrames, ...]:
    """The entries that speak about a checkout at `origin` with card fields in `frame_origins`.

    Surrogate mode is offered when an `Endpoint` is among them and no `EncryptingFrames`, and a request
    may be swapped as one of them alone.
    """
    return tuple(entry for entry in entries if (sandbox or not entry.sandbox_only) and _speaks_about(entry, origin, frame_origins))


def _speaks_about(entry: Endpoint | EncryptingFrames, origin: str, frame_origins: tuple[str, ...]) -> bool:
    if isinstance(entry, TaughtEndpoint):
        return entry.origin == origin
    if isinstance(entry, Endpoint) and entry.first_party:
        return host_matches(entry.host, host_of(origin))
    return any(framed_by(entry, frame) for frame in frame_origins)
