"""The headers of a merchant's answer that the browser gets: scrubbed, and without what described the bytes on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable

from broker.egress.scrub import NotScrubbableError, Patterns, scrub_text

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff\t]*")
# They describe the connection, or bytes that are no longer the ones delivered.
_DROPPED = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "alt-svc",
    "content-length", "content-encoding", "content-md5", "digest", "content-digest", "repr-digest",
}  # fmt: skip


def delivered(raw: Iterable[tuple[bytes, bytes]], patterns: Patterns) -> tuple[tuple[str, str], ...]:
    """Headers in order, `Set-Cookie` as often as it came; raises `NotScrubbableError` for malformed ones."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in pairs):
        raise NotScrubbableError
    return tuple(_scrubbed(patterns, name, value) for name, value in pairs if name.lower() not in _DROPPED)


def _scrubbed(patterns: Patterns, name: str, value: str) -> tuple[str, str]:
    """Both as one text, as they are on the wire: a name may say that the value is a security code."""
    line = scrub_text(patterns, f"{name}: {value}")
    return line[: len(name)], line[len(name) + 2 :]
