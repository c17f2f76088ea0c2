"""Which parts of a request name the merchant's account, which say what is done, and which differ from one visit to the next.

One payment was seen, so names and forms of values have to tell. What does not tell is for the person to say; what nobody knows is
taken as the account's: a payment that differs there is then refused, which is found at once, while one that goes to somebody else's
account is not.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from broker.core.canonical import unb64u
from broker.core.clock import DAY_MS
from broker.teach import words

Where = Literal["header", "query", "field", "path"]
Sort = Literal["account", "operation", "visit", "unclear"]

_IDENTIFIER = re.compile(r"(?=.*[0-9])[A-Za-z0-9_~-]{8,}|[0-9]{4,}")
_WILD = re.compile(r"[A-Za-z0-9_~-]+")  # what a `*` of a path rule may stand for
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SHORTEST = 3
_SOON_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Part:
    """A named value of a request; `name` as a registry entry names it, `beside` the segment before it in a path."""

    where: Where
    name: str
    value: str
    beside: str = ""


def sort_of(part: Part, now_ms: int) -> Sort | None:
    """What `part` is; None for one that is none of these: it may be anything, and is compared with nothing."""
    if _says_what_is_done(part):
        return "operation"
    sort = _by_place(part) if part.where == "path" else _by_name(part)
    if sort == "visit" or sort is None:
        return sort
    value = part.value.rpartition(" ")[2] if part.where == "header" else part.value
    if _ends_soon(value, now_ms):
        return "visit"
    if sort == "unclear":
        return "account" if part.value.lower().startswith("basic ") or _prefix(value) in words.ACCOUNT_PREFIX else "unclear"
    return "account" if len(value) >= _SHORTEST else "unclear"


def is_wild(segment: str) -> bool:
    """Whether a path rule may have a ``*`` in this segment's place."""
    return _WILD.fullmatch(segment) is not None


def _by_name(part: Part) -> Sort | None:
    *outer, last = re.split(r"[/\[.]", part.name.rstrip("]"))
    told = _words(last)
    if told <= words.WEAK and part.where == "field" and outer:
        told |= _words(outer[-1])
    if told & words.SURELY_VISIT:
        return "visit"
    account, visit = bool(told & words.ACCOUNT), bool(told & words.VISIT)
    if told & words.NEUTRAL or not (account or visit or told & words.CREDENTIAL):
        return None
    if account == visit or _is_some_key(told):
        return "unclear"
    return "account" if account else "visit"


def _says_what_is_done(part: Part) -> bool:
    """Whether the part chooses among several things at one address, as a parameter or a field of its own does."""
    told = _words(part.name)
    if part.where == "query":
        return bool(told & words.OPERATION) and not told & (words.VISIT | words.SURELY_VISIT)
    nested = "/" in part.name[1:] or "[" in part.name or "." in part.name
    return part.where == "field" and not nested and bool(told) and told <= words.OPERATION


def _is_some_key(told: set[str]) -> bool:
    """Whether it is the key of something that the words do not know: a shop has more keys than that of its account."""
    return told & words.ACCOUNT == {"key"} and any(len(word) > 1 for word in told - words.KNOWN)


def _by_place(part: Part) -> Sort | None:
    beside, prefix = _words(part.beside), _prefix(part.value)
    if not is_wild(part.value) or (prefix not in words.ACCOUNT_PREFIX and not _IDENTIFIER.fullmatch(part.value)):
        return None
    account, visit = bool(beside & words.ACCOUNT), bool(beside & (words.VISIT | words.SURELY_VISIT))
    if account == visit:
        account, visit = prefix in words.ACCOUNT_PREFIX, prefix in words.VISIT_PREFIX
    if account == visit:
        return "unclear"
    return "account" if account else "visit"


def _words(name: str) -> set[str]:
    return {word if word in words.KNOWN else word.removesuffix("s") for word in map(str.lower, _WORD.findall(name))}


def _prefix(value: str) -> str:
    head, underscore, _ = value.partition("_")
    return head.lower() if underscore else ""


def _ends_soon(value: str, now_ms: int) -> bool:
    """Whether `value` is a signed token (RFC 7519) that says itself that it does not last."""
    parts = value.split(".")
    if len(parts) != 3:
        return False
    try:
        claims = json.loads(unb64u(parts[1]))
        return float(claims["exp"]) * 1_000 < now_ms + _SOON_MS
    except (ValueError, KeyError, TypeError):
        return False
