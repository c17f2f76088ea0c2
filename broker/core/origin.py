"""Web origins: parsed strictly, compared exactly, shown with the registrable domain apart.

An origin is the ASCII serialisation of the HTML standard (scheme, host, port unless default).
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

_DEFAULT_PORTS = {"https": 443, "http": 80}
_NAMEABLE = re.compile(r"[a-z0-9.\-\[\]:]{1,260}")  # `Origin` of protocol/wire.py: browsers take hosts of other characters too


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def parse_origin(text: str) -> str:
    """The origin of an http(s) URL or origin string; raises ``ValueError`` for anything else.

    User information is refused: ``https://shop.example@evil.example`` is how people are fooled.
    """
    if not text.isascii() or any(c.isspace() for c in text) or "\\" in text:
        raise ValueError("not a web origin")
    parts = urlsplit(text)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not a web origin")
    host = parts.hostname.lower()
    port = parts.port
    shown_host = f"[{host}]" if ":" in host else host
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    if not _NAMEABLE.fullmatch(shown_host + suffix):
        raise ValueError("not a web origin")
    return f"{parts.scheme}://{shown_host}{suffix}"


def host_of(origin: str) -> str:
    """The host of an origin, lower-case, without brackets; empty where it names none (``https://[1]``)."""
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""


def registrable_domain(origin: str) -> str:
    """The registrable domain (eTLD+1 of the Public Suffix List, private section included), or the host itself."""
    host = host_of(origin)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _suffixes().privatesuffix(host) or host
    return host


def is_loopback(origin: str) -> bool:
    """Whether the origin names this machine: ``localhost``, ``*.localhost`` (RFC 6761) or a loopback address."""
    host = host_of(origin)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
