"""From one request that carried the stand-in to a registry entry, or to the reason why there can be none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from broker.core.origin import host_of
from broker.egress.bodies import ContentType, form_fields, locate, open_body
from broker.egress.destination import Destination
from broker.egress.headers import may_be_allowed
from broker.egress.refusal import RefusedError
from broker.protocol.egress import EGRESS_MEANINGS
from broker.protocol.processors import FORM, JSON, MULTIPART, TEXT, TaughtEndpoint
from broker.protocol.surrogate import Surrogate
from broker.teach.watching import Seen

_IDENTIFIER = re.compile(r"(?=.*[0-9])[A-Za-z0-9_~-]{8,}|[0-9]{4,}")  # what differs from one payment to the next
_MOST_HEADERS = 20


class CannotBeTaughtError(Exception):
    """No registry entry can describe this request; the message says why, for the person."""


def learn(seen: Seen, stand_in: Surrogate, *, sandbox: bool, person: str, at_ms: int) -> TaughtEndpoint:
    """The entry that lets requests like `seen` be paid from its page; `CannotBeTaughtError` when the egress could not swap them."""
    try:
        destination = Destination.parse(seen.url, sandbox=sandbox)
        content_type = ContentType.parse(seen.headers.get("content-type", ""))
        entry = _entry(seen, destination, content_type, stand_in, person, at_ms)
        # The egress's own eyes decide, not ours.
        locate(open_body(seen.body, content_type, entry), entry, stand_in)
    except RefusedError as refused:
        raise CannotBeTaughtError(EGRESS_MEANINGS[refused.outcome].sentence) from None
    except ValidationError:
        raise CannotBeTaughtError("Its address, method or field names have a form that the registry does not take.") from None
    return entry


def _entry(seen: Seen, destination: Destination, content_type: ContentType, stand_in: Surrogate, person: str, at_ms: int) -> TaughtEndpoint:
    if content_type.media_type not in (FORM, MULTIPART, JSON, TEXT):
        raise CannotBeTaughtError("Its body is neither a form nor JSON.")
    values = list(_values(seen.body, content_type))
    number = _only(values, lambda text: _digits(text) == stand_in.number)
    if number is None:
        raise CannotBeTaughtError("The number stands in no field of its own.")
    return TaughtEndpoint.model_validate(
        {
            "id": f"taught-{re.sub(r'[^a-z0-9]+', '-', host_of(seen.page_origin))[:30].strip('-')}-{at_ms}",
            "name": host_of(seen.page_origin)[:100],
            "host": destination.host,
            "path": _path_rule(destination.path),
            "method": seen.method,
            "contentType": content_type.media_type,
            "fields": {"number": number, "securityCode": _only(values, lambda text: text == stand_in.security_code)},
            "query": sorted({name for name, _ in destination.query_pairs()}),
            "headers": sorted(name for name in seen.headers if may_be_allowed(name))[:_MOST_HEADERS],
            "frameHosts": [] if seen.frame_origin == seen.page_origin else [host_of(seen.frame_origin)],
            "source": {"kind": "taught", "text": f"Paid once by {person} with a stand-in."[:200]},
            "origin": seen.page_origin,
            "confirmedBy": person,
            "confirmedAt": at_ms,
        }
    )


def _path_rule(path: str) -> str:
    return "/".join("*" if _IDENTIFIER.fullmatch(segment) else segment for segment in path.split("/"))


def _values(body: bytes, content_type: ContentType) -> Iterator[tuple[str, str]]:
    """Every field by the name that a registry entry gives it, and what stands in it."""
    if content_type.media_type != JSON:
        yield from form_fields(body, content_type)
        return
    try:
        yield from _pointers(json.loads(body), "")
    except (ValueError, RecursionError):
        raise CannotBeTaughtError("Its body is not JSON.") from None


def _pointers(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _pointers(item, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for item in value:
            yield from _pointers(item, f"{at}/*")
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield at, str(value)


def _only(values: list[tuple[str, str]], fits: Callable[[str], bool]) -> str | None:
    """The name of the first field that fits."""
    return next((name for name, text in values if fits(text)), None)


def _digits(text: str) -> str:
    return re.sub(r"[ \-]", "", text)
