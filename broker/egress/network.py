"""The way out: https to public addresses only, each name resolved once and the connection made to just that address."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from broker.core.origin import is_loopback
from broker.egress.settings import EgressSettings

_KEEP_ALIVE_SECONDS = 15.0
_LONGEST_HEADER = 65_536
# Addresses that carry an IPv4 address inside: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
_TRANSLATED = tuple(ipaddress.ip_network(network) for network in ("64:ff9b::/96", "2002::/16", "2001::/32"))


class PrivateAddressError(OSError):
    """A name that leads to a private, loopback, link-local, multicast or otherwise not public address."""


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet (IANA special-purpose registries)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip.is_site_local or any(ip in network for network in _TRANSLATED)):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class PublicResolver(AbstractResolver):
    """The system's resolver. One address that is not public spoils the whole answer: mixed answers are how rebinding works."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Addresses of `host`; raises `PrivateAddressError`."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [(kind, str(address[0])) for kind, _, _, _, address in found]
        if not addresses or not all(self._allowed(host, address) for _, address in addresses):
            raise PrivateAddressError
        return [_result(host, port, kind, address) for kind, address in addresses]

    def _allowed(self, host: str, address: str) -> bool:
        return is_public(address)

    async def close(self) -> None:
        """Nothing is held."""


class SandboxResolver(PublicResolver):
    """Also lets ``localhost`` and names below it (RFC 6761) lead to this machine, without asking anybody."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Addresses of `host`; raises `PrivateAddressError`."""
        if is_loopback(f"https://{host}"):
            return [_result(host, port, socket.AF_INET, "127.0.0.1")]
        return await super().resolve(host, port, family)


def _result(host: str, port: int, family: int, address: str) -> ResolveResult:
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


class SentBeforeError(Exception):
    """The HTTP client was about to send a request for a second time; nothing of it left."""


class Progress:
    """Whether any byte of a request may have left: set before the first is written."""

    def __init__(self) -> None:
        self.sent = False

    def begin(self) -> None:
        """Bytes leave from here on; raises `SentBeforeError` when they did before."""
        if self.sent:
            raise SentBeforeError
        self.sent = True


def tls_context(settings: EgressSettings) -> ssl.SSLContext:
    """The system's authorities, and in the sandbox one more; names and certificates are checked."""
    # Not `create_default_context`: with SSLKEYLOGFILE in the environment it writes down what decrypts the number.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.sandbox and settings.extra_ca is not None:
        context.load_verify_locations(settings.extra_ca)
    return context


def _tracing() -> aiohttp.TraceConfig:
    async def headers_sent(
        session: aiohttp.ClientSession, context: SimpleNamespace, parameters: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        # aiohttp repeats a PUT by itself when the line breaks (RFC 9110, section 9.2.2); a payment must not be.
        progress = context.trace_request_ctx
        assert isinstance(progress, Progress)
        progress.begin()

    tracing: aiohttp.TraceConfig = aiohttp.TraceConfig()
    tracing.on_request_headers_sent.append(headers_sent)
    return tracing


def open_session(settings: EgressSettings) -> aiohttp.ClientSession:
    """The HTTP/1.1 client: no redirects, cookies, proxies, decompression or names from the environment."""
    connector = aiohttp.TCPConnector(
        resolver=SandboxResolver() if settings.sandbox else PublicResolver(),
        use_dns_cache=False,
        ssl=tls_context(settings),
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
    )
    limits = settings.limits
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        trace_configs=[_tracing()],
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=limits.total, connect=limits.connect, sock_read=limits.idle),
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
    )
