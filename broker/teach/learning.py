"""From one request that carried the stand-in to a registry entry, or to the reason why there can be none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from broker.core.origin import host_of
from broker.egress.bodies import BodyReader, ContentType, locate, open_body
from broker.egress.destination import Destination
from broker.egress.headers import may_be_allowed
from broker.egress.refusal import RefusedError
from broker.protocol.egress import EGRESS_MEANINGS
from broker.protocol.processors import Account, TaughtEndpoint
from broker.protocol.surrogate import Surrogate
from broker.teach.body import digits_of, placed, values_of
from broker.teach.fault import CannotBeTaughtError
from broker.teach.parts import Part, is_wild, sort_of
from broker.teach.watching import Seen

_FIELD_RULE = re.compile(r"[\x21-\x7e]{1,200}")
_MOST_HEADERS = 20
_LONGEST_ACCOUNT = 500

Varies = Callable[[Part], bool]
"""Whether this part of the request differs from one visit to the next: what names and values do not tell, a person is asked."""


def learn(seen: Seen, stand_in: Surrogate, varies: Varies, *, sandbox: bool, person: str, at_ms: int) -> TaughtEndpoint:
    """The entry that lets requests like `seen` be paid from its page, at the account that `seen` names.

    Raises `CannotBeTaughtError` when the egress could not swap them; nothing is asked before that is known.
    """
    try:
        destination = Destination.parse(seen.url, sandbox=sandbox)
        content_type = ContentType.parse(seen.headers.get("content-type", ""))
        entry = _entry(seen, destination, content_type, stand_in, person, at_ms)
        # The egress's own eyes decide, not ours.
        reader = open_body(seen.body, content_type, entry)
        locate(reader, entry, stand_in)
        parts = list(_parts(seen, destination, entry, _fields(seen.body, content_type, entry, reader, stand_in, at_ms)))
    except RefusedError as refused:
        raise CannotBeTaughtError(EGRESS_MEANINGS[refused.outcome].sentence) from None
    except ValidationError:
        raise CannotBeTaughtError("Its address, method or field names have a form that the registry does not take.") from None
    return _with_accounts(entry, parts, varies, at_ms)


def _entry(seen: Seen, destination: Destination, content_type: ContentType, stand_in: Surrogate, person: str, at_ms: int) -> TaughtEndpoint:
    card = placed(seen.body, content_type, stand_in)
    names = [name for name, _ in destination.query_pairs()]
    if "*" in destination.path or len(set(names)) < len(names):
        raise CannotBeTaughtError("Its address has a form that the registry does not take.")
    return TaughtEndpoint.model_validate(
        {
            "id": f"taught-{re.sub(r'[^a-z0-9]+', '-', host_of(seen.page_origin))[:30].strip('-')}-{at_ms}",
            "name": host_of(seen.page_origin)[:100],
            "host": destination.host,
            "path": destination.path,
            "method": seen.method,
            "contentType": content_type.media_type,
            "graphqlField": card.mutation,
            "fields": {"number": card.number, "securityCode": card.security_code},
            "query": sorted(names),
            "headers": sorted(name for name in seen.headers if may_be_allowed(name))[:_MOST_HEADERS],
            "frameHosts": [] if seen.frame_origin == seen.page_origin else [host_of(seen.frame_origin)],
            "source": {"kind": "taught", "text": f"Paid once by {person} with a stand-in."[:200]},
            "origin": seen.page_origin,
            "confirmedBy": person,
            "confirmedAt": at_ms,
        }
    )


# What names the account ------------------------------------------------------------------------


def _with_accounts(entry: TaughtEndpoint, parts: list[Part], varies: Varies, at_ms: int) -> TaughtEndpoint:
    accounts: list[Account] = []
    operation: list[Account] = []
    path, headers = entry.path.split("/"), set(entry.headers)
    # A shop that takes the card itself has no account to tell: what looks like one may be the visit's.
    own = entry.host == host_of(entry.origin)
    for part in parts:
        sort = sort_of(part, at_ms)
        if sort == "unclear" or (sort == "account" and own):
            sort = "visit" if varies(part) else "account"
        if sort == "account":
            accounts.append(_pinned(part))
        elif sort == "operation":
            operation.append(_pinned(part))
        elif part == Part("header", "authorization", part.value):
            headers.add("authorization")  # any value may stand there, which an entry has to say
        if sort is not None and part.where == "path":
            path[int(part.name) + 1] = "*"
    changes = {
        "accounts": [account.wire() for account in accounts],
        "operation": [place.wire() for place in operation],
        "path": "/".join(path),
        "headers": sorted(headers),
    }
    return TaughtEndpoint.model_validate(entry.wire() | changes)


def _pinned(part: Part) -> Account:
    if len(part.value) > _LONGEST_ACCOUNT:
        what = f"{part.where} {part.name}"[:100]
        raise CannotBeTaughtError(f"What must stay the same is longer than {_LONGEST_ACCOUNT} characters: {what}.")
    return Account(where=part.where, name=part.name, value=part.value)


def _parts(seen: Seen, destination: Destination, entry: TaughtEndpoint, fields: Iterator[Part]) -> Iterator[Part]:
    """Every part whose value an entry can compare, but the card's own fields."""
    segments = destination.path.split("/")[1:]
    for index, segment in enumerate(segments):
        if is_wild(segment):
            yield Part("path", str(index), segment, beside=segments[index - 1] if index else "")
    for name, value in destination.query_pairs():
        yield Part("query", name, value)
    for name, value in sorted(seen.headers.items()):
        if name in (*entry.headers, "authorization"):
            yield Part("header", name, value)
    yield from fields


def _fields(
    body: bytes, content_type: ContentType, entry: TaughtEndpoint, reader: BodyReader, stand_in: Surrogate, at_ms: int
) -> Iterator[Part]:
    for name, value in values_of(body, content_type, entry.graphql_field):
        if not value or digits_of(value) == stand_in.number or value == stand_in.security_code:
            continue
        part = Part("field", name, value)
        if _FIELD_RULE.fullmatch(name) and reader.account_values(name) == [value]:
            yield part
        elif entry.host != host_of(entry.origin) and sort_of(part, at_ms) == "account":
            # Left out in silence it would be compared with nothing, and the page could name another one.
            raise CannotBeTaughtError(f"What names the shop's account can be read in more than one way: field {name[:100]}.")
