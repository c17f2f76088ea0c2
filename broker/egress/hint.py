"""What the merchant's answer looks like beside its bytes: a question of the bank, or a refusal of the request itself.

A hint for people and agents; nothing is decided by it. What a taught endpoint answers nobody described:
there the fields count in which EMV 3-D Secure has the bank asked (``creq``, and ``PaReq`` in its first
version). A challenge that is shown in another way ends as ``swapped`` without a hint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from broker.protocol.processors import Challenge, Endpoint, TaughtEndpoint, host_matches

Hint = Literal["challenge_required", "blocked_by_merchant"]

BLOCKED = frozenset({401, 403, 429})
"""Answers that HTTP defines as given before a request is processed: not authenticated, forbidden, too many (RFC 9110, RFC 6585)."""
MOST = 262_144
"""Bytes of an answer that are looked at; a longer one gets no hint from its body."""
_ASKS = re.compile(rb"""name\s{0,8}=\s{0,8}\\?["']?(?:creq|pareq)\\?["'\s/>]|["'](?:creq|pareq)\\?["']\s{0,8}:\s{0,8}\\?["'][a-z0-9_-]""")
"""The field of a form, or of JSON with something in it; in small letters."""


class HintReader:
    """Reads along with one answer. `feed` it the scrubbed bytes, then ask for the `hint`."""

    def __init__(self, endpoint: Endpoint, url: str, status: int, headers: Mapping[str, str]) -> None:
        self._challenge = endpoint.challenge or Challenge()
        self._status = status
        self._target = _host(url, headers.get("Location", ""))
        self._any = isinstance(endpoint, TaughtEndpoint) and endpoint.challenge is None
        kind = headers.get("Content-Type", "")
        self._reads = "json" in kind if self._challenge.pointer is not None else self._any and ("json" in kind or "html" in kind)
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the body."""
        if self._reads:
            self._body += data
            if len(self._body) > MOST:
                self._reads = False
                self._body.clear()

    def hint(self) -> Hint | None:
        """What there is to say about the answer."""
        if self._challenged():
            return "challenge_required"
        return "blocked_by_merchant" if self._status in BLOCKED else None

    def _challenged(self) -> bool:
        if 300 <= self._status < 400:
            return any(host_matches(rule, self._target) for rule in self._challenge.hosts)
        if self._reads and self._any:
            return _asks(self._body.lower())
        if not self._reads or self._challenge.pointer is None:
            return False
        try:
            return _at(json.loads(self._body), self._challenge.pointer) in self._challenge.values
        except (ValueError, LookupError, TypeError, RecursionError):
            return False


def _host(url: str, location: str) -> str:
    """The host that an answer leads to; none for an address that is no address."""
    try:
        return urlsplit(urljoin(url, location)).hostname or ""
    except ValueError:
        return ""


def _asks(body: bytearray) -> bool:
    # Two quick looks spare nearly every answer the slow one.
    return (b"creq" in body or b"pareq" in body) and _ASKS.search(body) is not None


def _at(value: Any, pointer: str) -> Any:
    """The value at an RFC 6901 pointer; raises ``LookupError`` or ``TypeError`` when there is none."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value if isinstance(value, str) else None
