"""The headers that are sent: from the page's by allow-list, the rest rebuilt from what the browser knows.

Page headers are the agent's to choose, so nothing in them may change where a request goes, how long
it is, or who it claims to come from. A malformed or repeated header refuses the request: a browser
makes none.
"""

from __future__ import annotations

import re

from broker.core.origin import parse_origin, registrable_domain
from broker.egress.content_coding import ACCEPTED
from broker.egress.destination import Destination
from broker.egress.refusal import RefusedError, body_not_readable
from broker.protocol.egress import MAX_HEADERS, EgressOutcome, ResourceType, Send

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?|")  # field-value, section 5.5
# A browser sends a cookie as UTF-8 and reports it decoded; it leaves here as UTF-8 again (measured, Chromium 156 and aiohttp 3.14).
_COOKIE = re.compile(r"[!-~\x80-\ud7ff\ue000-\U0010ffff](?:[ -~\t\x80-\ud7ff\ue000-\U0010ffff]*[!-~\x80-\ud7ff\ue000-\U0010ffff])?|")
_ALLOWED = {
    "accept", "accept-language", "authorization", "cache-control", "content-type", "cookie", "dnt", "pragma", "priority", "sec-gpc",
    "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "upgrade-insecure-requests", "user-agent",
}  # fmt: skip
_DESTINATIONS: dict[ResourceType, tuple[str, str]] = {
    "document": ("navigate", "document"),
    "frame": ("navigate", "iframe"),
    "fetch": ("cors", "empty"),
    "xhr": ("cors", "empty"),
    "ping": ("no-cors", "empty"),
    "other": ("no-cors", "empty"),
}


def page_headers(request: Send) -> dict[str, str]:
    """The page's headers by lower-case name; raises `RefusedError` (request refused) for malformed or repeated ones."""
    headers: dict[str, str] = {}
    for given, value in request.headers:
        name = given.lower()
        allowed = _COOKIE if name == "cookie" else _VALUE
        if not _NAME.fullmatch(given) or not allowed.fullmatch(value) or name in headers:
            raise RefusedError(EgressOutcome.REQUEST_REFUSED)
        headers[name] = value
    if sum(len(name) + len(value.encode()) for name, value in headers.items()) > MAX_HEADERS:
        raise RefusedError(EgressOutcome.REQUEST_REFUSED)
    return headers


def require_plain_coding(headers: dict[str, str]) -> None:
    """Refuse a body that is compressed: it cannot be edited in place."""
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise body_not_readable()


def outgoing(request: Send, page: dict[str, str], destination: Destination, extra: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is sent beside Host and Content-Length. `extra` are names the registry entry allows."""
    allowed = _ALLOWED | {name for name in extra if not name.startswith(("sec-", "proxy-"))} - _NEVER
    kept = [(name, value) for name, value in page.items() if name in allowed]
    return [*kept, ("accept-encoding", ACCEPTED), *_who(request, page), *_fetch_metadata(request, destination)]


def may_be_allowed(name: str) -> bool:
    """Whether a registry entry may let this header (in lower case) through; what always goes through needs none."""
    return (
        name not in _ALLOWED | _NEVER
        and not name.startswith(("sec-", "proxy-"))
        and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", name) is not None
    )


# An entry cannot allow these: they are framing, routing, or rebuilt here.
_NEVER = {
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "forwarded", "via",
    "origin", "referer", "accept-encoding", "content-encoding", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    "x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url",
}  # fmt: skip


def _who(request: Send, page: dict[str, str]) -> list[tuple[str, str]]:
    opaque = page.get("origin") == "null"
    referer = page.get("referer")
    kept = [("referer", referer)] if referer is not None and _origin_of(referer) == request.frame_origin else []
    return [("origin", "null" if opaque else request.frame_origin), *kept]


def _origin_of(url: str) -> str | None:
    try:
        return parse_origin(url)
    except ValueError:
        return None


def _fetch_metadata(request: Send, destination: Destination) -> list[tuple[str, str]]:
    mode, target = _DESTINATIONS[request.resource_type]
    metadata = [("sec-fetch-site", _site(request.frame_origin, destination.origin)), ("sec-fetch-mode", mode)]
    user = [("sec-fetch-user", "?1")] if mode == "navigate" and request.user_activated else []
    return [*metadata, *user, ("sec-fetch-dest", target)]


def _site(source: str, target: str) -> str:
    if source == target:
        return "same-origin"
    same = source.startswith("https://") and registrable_domain(source) == registrable_domain(target)
    return "same-site" if same else "cross-site"
