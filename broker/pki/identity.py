"""Who is on the other end of a verified TLS connection."""

from __future__ import annotations

import asyncio
import ssl

from broker.pki.profile import ISSUER_URI, URN


class WrongPeerError(Exception):
    """The peer's certificate is ours but names another role or id."""


def peer_uris(transport: asyncio.BaseTransport | None) -> tuple[str, ...]:
    """The URI subject alternative names of the peer's verified certificate; empty when there is none."""
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    if not isinstance(tls, ssl.SSLObject | ssl.SSLSocket):
        return ()
    certificate = tls.getpeercert() or {}
    names = certificate.get("subjectAltName", ())
    assert isinstance(names, tuple)
    return tuple(str(name[1]) for name in names if name[0] == "URI")


def peer_id(transport: asyncio.BaseTransport | None, kind: str) -> str:
    """The stable id in the peer's ``urn:ledgeros:<kind>:<id>``; raises `WrongPeerError` for any other peer."""
    prefix = f"{URN}:{kind}:"
    found = [uri.removeprefix(prefix) for uri in peer_uris(transport) if uri.startswith(prefix)]
    if len(found) != 1 or not found[0]:
        raise WrongPeerError(f"the peer's certificate is not a {kind}'s")
    return found[0]


def require_issuer(transport: asyncio.BaseTransport | None) -> None:
    """Raise `WrongPeerError` unless the peer is LedgerOS itself."""
    if peer_uris(transport) != (ISSUER_URI,):
        raise WrongPeerError("the peer's certificate is not LedgerOS's")
