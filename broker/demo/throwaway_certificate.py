"""A certificate for one run, and the two ways to have it accepted: by its key (Chromium), by its authority (the egress)."""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class ThrowawayCertificate:
    """A server context, base64 SHA-256 of the key for ``--ignore-certificate-errors-spki-list``, and the authority as PEM."""

    context: ssl.SSLContext
    spki_sha256: str
    ca_pem: str


def throwaway_certificate(*hosts: str) -> ThrowawayCertificate:
    """P-256, one day, for `hosts`, signed by an authority of its own; both keys are forgotten with the process."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _signed(
        _builder(_name("Throw-away authority"), _name("Throw-away authority"), authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False),
        authority_key,
    )
    certificate = _signed(
        _builder(_name(hosts[0]), authority.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False),
        authority_key,
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = _context(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return ThrowawayCertificate(context, spki_sha256(certificate), authority.public_bytes(serialization.Encoding.PEM).decode())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def spki_sha256(certificate: x509.Certificate) -> str:
    """base64 SHA-256 of the certificate's SubjectPublicKeyInfo."""
    spki = certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def _context(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The ssl module loads keys from files only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def spki_sha256_of(path: Path) -> str:
    """`spki_sha256` of a PEM file."""
    return spki_sha256(x509.load_pem_x509_certificate(path.read_bytes()))
