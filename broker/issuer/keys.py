"""Key files: 32 random bytes each, owner-only, made at first use by whoever comes first."""

from __future__ import annotations

import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.core.state_files import DamagedFileError

KEY_BYTES = 32
_SIGNING = "signing.key"


def secret_file(path: Path) -> bytes:
    """The 32 bytes in `path`, made when it is missing; two processes that race read the same key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # unlike a rename, never replaces a key that is in use
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise DamagedFileError(path, "Put back a copy of it, and do not delete it: what it protects cannot be read with another.")
    return key


class KeyFolder:
    """LedgerOS's keys, none of which is in the database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def encryption_key(self, version: int) -> bytes:
        """The key-encryption key of a version (AES-256)."""
        return secret_file(self._path / f"kek-{version:d}.key")

    @cached_property
    def newest_version(self) -> int:
        """The version that new cards are encrypted under; adding ``kek-2.key`` starts a rotation."""
        found = [int(file.stem.removeprefix("kek-")) for file in self._path.glob("kek-*.key")]
        return max(found, default=1)

    @cached_property
    def number_index(self) -> bytes:
        """The HMAC key that makes card numbers findable without being readable."""
        return secret_file(self._path / "number-index.key")

    @cached_property
    def security_code(self) -> bytes:
        """The HMAC key that security codes are derived from."""
        return secret_file(self._path / "security-code.key")

    @cached_property
    def signing(self) -> Ed25519PrivateKey:
        """The key that signs introspections and receipts; extensions pin its public half."""
        return Ed25519PrivateKey.from_private_bytes(secret_file(self._path / _SIGNING))

    @property
    def has_signing(self) -> bool:
        """Whether `signing` was made: who only looks makes none."""
        return (self._path / _SIGNING).exists()
