"""Where keys and certificates lie, and how they are written: atomically, readable by their owner only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broker.core.state_files import DamagedFileError
from broker.pki.authority import Issued, create_authority, issue
from broker.pki.profile import RENEW_BEFORE_DAYS, Roles

_NEW_CA = "Put back a copy of it. Without one: remove the folder pki, run ledgeros certs init, and give every client the new ca.crt."
_ROTATE = "Make it again: ledgeros certs rotate {}"


@dataclass(frozen=True, slots=True)
class PkiFolder:
    """One installation's certificates: ``ca.crt``, ``ca.key`` and a pair of files for each role."""

    path: Path

    @property
    def ca_file(self) -> Path:
        """The CA certificate: the only file that clients need, and not a secret."""
        return self.path / "ca.crt"

    def certificate_file(self, role: Roles) -> Path:
        """The leaf certificate of `role`."""
        return self.path / f"{role.value.stem}.crt"

    def key_file(self, role: Roles) -> Path:
        """The private key of `role`."""
        return self.path / f"{role.value.stem}.key"

    def initialise(self, broker_id: str, host_id: str, now: datetime | None = None) -> None:
        """Make the CA and every leaf that is missing; what exists and is valid stays."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.ca_file.exists():
            self._write("ca", create_authority(now=now))
        self.certificate(None)
        for role in Roles:
            if not self.certificate_file(role).exists() or self.expires_soon(role, now):
                self.rotate(role, host_id if role is Roles.HOST_CLIENT else broker_id, now)
            self._key(self.key_file(role), _ROTATE.format(role.value.stem))

    def rotate(self, role: Roles, stable_id: str, now: datetime | None = None) -> None:
        """Replace the leaf of `role` by a new one under the same id; running servers take it up at `reload`."""
        self._write(role.value.stem, issue(self._authority(), role, stable_id, now))

    def expires_soon(self, role: Roles, now: datetime | None = None) -> bool:
        """Whether the leaf of `role` is within its renewal time or past its end."""
        return self.certificate(role).not_valid_after_utc - timedelta(days=RENEW_BEFORE_DAYS) <= (now or datetime.now(UTC))

    def certificate(self, role: Roles | None) -> x509.Certificate:
        """The certificate of `role`, or the CA's. Raises `DamagedFileError`, and ``FileNotFoundError``."""
        file = self.ca_file if role is None else self.certificate_file(role)
        try:
            return x509.load_pem_x509_certificate(file.read_bytes())
        except ValueError:
            raise DamagedFileError(file, _NEW_CA if role is None else _ROTATE.format(role.value.stem)) from None

    def _authority(self) -> Issued:
        return Issued(self.certificate(None), self._key(self.path / "ca.key", _NEW_CA))

    def _key(self, file: Path, cure: str) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), None)
        except (ValueError, TypeError):  # TypeError: somebody encrypted it
            raise DamagedFileError(file, cure) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise DamagedFileError(file, cure)
        return key

    def _write(self, stem: str, issued: Issued) -> None:
        write_private(self.path / f"{stem}.key", issued.key_pem())
        write_private(self.path / f"{stem}.crt", issued.certificate_pem(), mode=0o644)


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` so that a crash leaves the old file or the new one, never half, and never with wider permissions."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
