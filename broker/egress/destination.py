"""The URL of a request, read so strictly that no server can understand it differently than the registry does."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from broker.egress.refusal import RefusedError
from broker.protocol.egress import EgressOutcome

_URL = re.compile(
    r"https://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)(?:\?(?P<query>[\x21-\x7e]*))?"
)
_NUMERIC = re.compile(r"0x[0-9a-f]*|[0-9]+")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(/|$)|//|%2[eEfF]|%5[cC]|%00")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes. `url` is what was given, byte for byte."""

    url: str
    host: str
    port: int
    path: str
    query: str | None

    @property
    def origin(self) -> str:
        """The ASCII serialisation of its origin."""
        return f"https://{self.host}" + ("" if self.port == 443 else f":{self.port}")

    def query_pairs(self) -> list[tuple[str, str]]:
        """Names and values of the query as they are written, not decoded."""
        pairs = [pair.partition("=") for pair in (self.query or "").split("&")] if self.query else []
        return [(name, value) for name, _, value in pairs]

    @classmethod
    def parse(cls, url: str, *, sandbox: bool) -> Destination:
        """Read `url`; raises `RefusedError` (destination refused).

        Refused: anything but https; user information; a fragment; upper-case or non-ASCII hosts;
        addresses instead of names, and ports other than 443, outside the sandbox; dot segments,
        empty segments and percent-encoded separators.
        """
        match = _URL.fullmatch(url)
        if match is None or "#" in url or _DOT_SEGMENT.search(match["path"]):
            raise RefusedError(EgressOutcome.DESTINATION_REFUSED)
        host, port = match["host"], int(match["port"] or 443)
        if not _host_allowed(host, sandbox=sandbox) or port > 65_535 or (port != 443 and not sandbox):
            raise RefusedError(EgressOutcome.DESTINATION_REFUSED)
        return cls(url, host, port, match["path"], match["query"])


def _host_allowed(host: str, *, sandbox: bool) -> bool:
    if ".." in host or len(host) > 253:
        return False
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        # A last label of digits makes a host an IPv4 address in some notation (WHATWG URL, section 3.5).
        return not _NUMERIC.fullmatch(host.rpartition(".")[2])
    return sandbox and address.is_loopback
