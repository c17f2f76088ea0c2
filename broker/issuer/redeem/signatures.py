"""Signature checks, outside the write job: public keys are read on a connection of the event loop's own.

A lookup by primary key takes microseconds, less than handing it to another thread would. What is
read here is only which key to check with; whether device and passkey may still be used is decided
again inside the write job.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.core.canonical import unb64u
from broker.issuer.brokers.webauthn_check import verify_assertion
from broker.protocol.decision import Decision, PasskeyAssertion, SignedDecision

_KEPT_DEVICES = 4_096


class Evidence(NamedTuple):
    """What the signatures prove. `passkey_id` is None when there is no valid assertion."""

    digest: bytes
    device_signed: bool
    passkey_id: str | None
    sign_count: int
    passkey_offered: bool


class PublicKeys:
    """Reads enrolled public keys by id."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._devices: dict[str, tuple[bytes, str]] = {}

    def device(self, device_id: str) -> tuple[bytes, str] | None:
        """Signing key and extension origin of an enrolled device.

        Kept after the first look: a device's signing key never changes, and whether it is still
        enrolled is asked again inside the write job.
        """
        if device_id in self._devices:
            return self._devices[device_id]
        query = "SELECT signing_key, extension_origin FROM devices WHERE id = ? AND revoked_at IS NULL"
        row = self._connection.execute(query, (device_id,)).fetchone()
        if row is None:
            return None
        if len(self._devices) >= _KEPT_DEVICES:
            self._devices.clear()
        self._devices[device_id] = (row[0], row[1])
        return self._devices[device_id]

    def passkey(self, credential_id: str, device_id: str) -> tuple[str, bytes, int] | None:
        """Id, COSE key and signature counter of an enrolled passkey of that device."""
        query = "SELECT id, public_key, sign_count FROM passkeys WHERE credential_id = ? AND device_id = ? AND revoked_at IS NULL"
        row = self._connection.execute(query, (credential_id, device_id)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def examine(keys: PublicKeys, signed: SignedDecision, canonical: bytes) -> Evidence:
    """Check the signatures over a decision, whose `canonical` bytes come along because they are kept as well."""
    return prove(keys, signed.decision.device_id, Decision.digest_of(canonical), signed.device_signature, signed.passkey)


def prove(keys: PublicKeys, device_id: str, digest: bytes, device_signature: str, passkey: PasskeyAssertion | None) -> Evidence:
    """Check the device's signature and, where there is one, the passkey's, over `digest`."""
    device = keys.device(device_id)
    if device is None or not _device_signed(device[0], device_signature, digest):
        return Evidence(digest, False, None, 0, passkey is not None)
    proven = None if passkey is None else _passkey(keys, passkey, device_id, digest, device[1])
    passkey_id, count = proven or (None, 0)
    return Evidence(digest, True, passkey_id, count, passkey is not None)


def device_organisation(raw: sqlite3.Connection, device_id: str) -> str | None:
    """The organisation that a device is enrolled for now: asked inside the write job."""
    row = raw.execute("SELECT org_id FROM devices WHERE id = ? AND revoked_at IS NULL", (device_id,)).fetchone()
    return row[0] if row else None


def _device_signed(key: bytes, signature: str, digest: bytes) -> bool:
    try:
        _public_key(key).verify(unb64u(signature), digest)
    except (ValueError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def _passkey(keys: PublicKeys, assertion: PasskeyAssertion, device_id: str, digest: bytes, origin: str) -> tuple[str, int] | None:
    known = keys.passkey(assertion.credential_id, device_id)
    if known is None:
        return None
    passkey_id, public_key, sign_count = known
    new_count = verify_assertion(assertion, digest, origin, public_key, sign_count)
    return None if new_count is None else (passkey_id, new_count)
