"""Making, showing and replacing the certificates of a state folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from broker.core.file_lock import wait_lock
from broker.install.identities import identities
from broker.install.layout import StateFolder
from broker.pki.profile import Roles


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One certificate as a person reads it. Times are UTC."""

    file: str
    names: tuple[str, ...]
    not_after: datetime
    expires_soon: bool


def initialise(state: StateFolder) -> None:
    """Make the CA and every leaf that is missing or about to expire."""
    state.make()
    with (state.path / ".certificates.lock").open("w") as file:
        wait_lock(file)  # LedgerOS and broker may start at the same moment
        known = identities(state)
        state.pki.initialise(known.broker_id, known.host_id)


def rotate(state: StateFolder, role: Roles) -> None:
    """Replace one leaf under the same id; running servers take it up at their next look, within a minute."""
    state.pki.rotate(role, identities(state).of(role))


def describe(state: StateFolder) -> list[CertificateRow]:
    """The CA and the leaves that exist."""
    rows = [_row(state, None)] if state.pki.ca_file.exists() else []
    return rows + [_row(state, role) for role in Roles if state.pki.certificate_file(role).exists()]


def _row(state: StateFolder, role: Roles | None) -> CertificateRow:
    certificate = state.pki.certificate(role)
    return CertificateRow(
        (state.pki.ca_file if role is None else state.pki.certificate_file(role)).name,
        _names(certificate),
        certificate.not_valid_after_utc,
        role is not None and state.pki.expires_soon(role),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (certificate.subject.rfc4514_string(),)
    return tuple(str(name.value) for name in names)
