"""The egress's own X25519 key: made at the first start, readable by the egress's user only, enrolled at LedgerOS by a person."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError
from broker.pki.files import write_private

FILE = "egress.key"


def load_or_make(folder: Path) -> X25519PrivateKey:
    """The key in `folder` (32 raw bytes, mode 0600)."""
    path = folder / FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, X25519PrivateKey.generate().private_bytes_raw())
    if path.stat().st_mode & 0o077:
        raise LedgerError(500, "unsafe_key", "Other users may read the egress's key.", f"Remove {FILE}, start again and enrol the new key.")
    try:
        return X25519PrivateKey.from_private_bytes(path.read_bytes())
    except ValueError:
        raise DamagedFileError(path, "Put back a copy of it, or remove it, start again and enrol the new key.") from None
