"""Which merchant account a request is for, and which operation, read at the places that the registry knows.

What cannot be told apart is not guessed: a place that names two accounts, or a request that names none
where it should, is not built as registered.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from broker.core.canonical import canonical_json, unb64u
from broker.egress.bodies import BodyReader
from broker.egress.bodies.names import folded
from broker.egress.destination import Destination
from broker.egress.refusal import RefusedError
from broker.protocol.egress import EgressOutcome
from broker.protocol.processors import Account, Endpoint

# A token as its issuer signed it (RFC 7515, section 7.1), with what Braintree's clients may append.
_SIGNED = re.compile(r"(?:Bearer )?[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+(?:\?customer_id=[A-Za-z0-9_-]*)?")
_LONGEST = 8_192
_METHOD = "_method"


@dataclass(frozen=True, slots=True)
class Named:
    """All that names the account, as one string. `plainly`: something does, and nothing twice. `pinned`: the registry says which."""

    account: str
    plainly: bool
    pinned: bool


def account_named(entry: Endpoint, destination: Destination, headers: dict[str, str], reader: BodyReader) -> Named | None:
    """What a request names; null when the entry knows no place for it. Raises `RefusedError` for another account than a pinned one."""
    if not entry.accounts:
        return None
    places = [(account, _values(account, destination, headers, reader)) for account in entry.accounts]
    if any(account.value is not None and values != [account.value] for account, values in places):
        raise RefusedError(EgressOutcome.ACCOUNT_CHANGED, entry.id)
    return Named(
        canonical_json([[account.where, account.name, values] for account, values in places]).decode(),
        plainly=any(values for _, values in places) and all(len(values) < 2 for _, values in places),
        pinned=all(account.value is not None for account, _ in places),
    )


def names_any(places: tuple[Account, ...], destination: Destination, headers: dict[str, str], reader: BodyReader) -> bool:
    """Whether a request names an account at one of `places`."""
    return any(_values(place, destination, headers, reader) for place in places)


def is_operation(entry: Endpoint, destination: Destination, headers: dict[str, str], reader: BodyReader) -> bool:
    """Whether a request says plainly that it is for what `entry` does, where its address has more to offer.

    Rails, Laravel and Symfony take a form's field `_method` for the method, and so for another thing.
    """
    if reader.account_values(_METHOD) and not any(folded(place.name) == folded(_METHOD) for place in entry.operation):
        return False
    return all(_values(place, destination, headers, reader) == [place.value] for place in entry.operation)


def _values(account: Account, destination: Destination, headers: dict[str, str], reader: BodyReader) -> list[str]:
    if account.where == "header":
        found = [headers[account.name]] if account.name in headers else []
    elif account.where == "query":
        found = [value for name, value in destination.query_pairs() if name == account.name]
        # Many servers read both into one table, and the body's value may be the one that stays.
        found += [value for value in reader.account_values(account.name) if value not in map(unquote_plus, found)]
    elif account.where == "path":
        found = destination.path.split("/")[1:][int(account.name) :][:1]
    else:
        found = reader.account_values(account.name)
    return [_claim(value, account.claim) for value in found] if account.claim else found


def _claim(value: str, pointer: str) -> str:
    """The claim of a signed token; any other value as it is."""
    token = _SIGNED.fullmatch(value) if len(value) <= _LONGEST else None
    claimed = _at(token[1], pointer) if token else None
    return f"{pointer} {claimed}" if claimed else value


def _at(payload: str, pointer: str) -> str | None:
    try:
        value: Any = json.loads(unb64u(payload))
        for name in pointer.split("/")[1:]:
            value = value[name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return value if isinstance(value, str) else None
