"""The certificate profile (RFC 5280): which role has which names and extended key usage.

Every leaf carries one URI subject alternative name that says what its holder is. The id in it is
stable; leaves are short-lived and are replaced under the same id. Key usage is split strictly: a
server's certificate opens nothing as a client's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

CA_DAYS = 3650
LEAF_DAYS = 30
RENEW_BEFORE_DAYS = 10
CLOCK_SKEW_MINUTES = 5

URN = "urn:ledgeros"
ISSUER_URI = f"{URN}:issuer"


@dataclass(frozen=True, slots=True)
class Role:
    """What a leaf certificate is for. `stem` names its files."""

    stem: str
    usage: x509.ObjectIdentifier
    kind: str


class Roles(Enum):
    """The four leaves of an installation."""

    ISSUER_SERVER = Role("issuer-server", ExtendedKeyUsageOID.SERVER_AUTH, "issuer")
    BROKER_SERVER = Role("broker-server", ExtendedKeyUsageOID.SERVER_AUTH, "broker")
    BROKER_CLIENT = Role("broker-client", ExtendedKeyUsageOID.CLIENT_AUTH, "broker")
    HOST_CLIENT = Role("host-client", ExtendedKeyUsageOID.CLIENT_AUTH, "host")

    @property
    def is_server(self) -> bool:
        """Whether the leaf names this machine (localhost and loopback addresses)."""
        return self.value.usage == ExtendedKeyUsageOID.SERVER_AUTH


def identity_uri(role: Roles, stable_id: str) -> str:
    """The URI SAN of a leaf, for example ``urn:ledgeros:broker:brk_01jd…``."""
    kind = role.value.kind
    return ISSUER_URI if kind == "issuer" else f"{URN}:{kind}:{stable_id}"
