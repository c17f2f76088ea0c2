"""What the merchant's answer looks like beside its bytes: a question of the bank, or a refusal of the request itself.

A hint for people and agents; nothing is decided by it. A page that shows a challenge in a way no
registry entry describes ends as ``swapped`` without one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from broker.protocol.processors import Challenge, Endpoint, host_matches

Hint = Literal["challenge_required", "blocked_by_merchant"]

BLOCKED = frozenset({401, 403, 429})
"""Answers that HTTP defines as given before a request is processed: not authenticated, forbidden, too many (RFC 9110, RFC 6585)."""
MOST = 262_144
"""Bytes of an answer that are looked at; a longer one gets no hint from its body."""


class HintReader:
    """Reads along with one answer. `feed` it the scrubbed bytes, then ask for the `hint`."""

    def __init__(self, endpoint: Endpoint, url: str, status: int, headers: Mapping[str, str]) -> None:
        self._challenge = endpoint.challenge or Challenge()
        self._status = status
        self._target = urlsplit(urljoin(url, headers.get("Location", ""))).hostname or ""
        self._reads = self._challenge.pointer is not None and "json" in headers.get("Content-Type", "")
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
        if not self._reads or self._challenge.pointer is None:
            return False
        try:
            return _at(json.loads(self._body), self._challenge.pointer) in self._challenge.values
        except (ValueError, LookupError, TypeError, RecursionError):
            return False


def _at(value: Any, pointer: str) -> Any:
    """The value at an RFC 6901 pointer; raises ``LookupError`` or ``TypeError`` when there is none."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value if isinstance(value, str) else None
