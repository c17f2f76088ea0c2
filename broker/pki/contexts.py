"""TLS contexts: 1.3 only, our CA only, and a client certificate wherever a machine calls a machine."""

from __future__ import annotations

import ssl

from broker.pki.files import PkiFolder
from broker.pki.profile import Roles


def server_context(pki: PkiFolder, role: Roles, *, client_certificate: bool) -> ssl.SSLContext:
    """For a listener. With `client_certificate`, a peer without one from our CA never gets past the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    reload_certificate(context, pki, role)
    if client_certificate:
        context.load_verify_locations(pki.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(pki: PkiFolder, role: Roles | None = None) -> ssl.SSLContext:
    """For a caller that trusts our CA alone; with `role` it also presents that client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(pki.ca_file)
    if role is not None:
        reload_certificate(context, pki, role)
    return context


def reload_certificate(context: ssl.SSLContext, pki: PkiFolder, role: Roles) -> None:
    """Take up the files of `role`, also in a live context: connections made from now on use them."""
    context.load_cert_chain(pki.certificate_file(role), pki.key_file(role))
