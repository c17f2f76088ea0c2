"""The broker's channel key: raw Ed25519, made at the first start, readable by its owner only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.core.canonical import b64u
from broker.core.state_files import DamagedFileError
from broker.pki.files import write_private


@dataclass(frozen=True, slots=True)
class ChannelIdentity:
    """Who the broker is on the channel: extensions pin `public_key` when they pair."""

    broker_id: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public_key(self) -> str:
        """Raw Ed25519 public key, base64url."""
        return b64u(self.key.public_key().public_bytes_raw())


def load_channel_key(path: Path) -> Ed25519PrivateKey:
    """The key in `path`; made there when the file does not exist. A damaged file is never replaced: browsers have pinned it."""
    if not path.exists():
        write_private(path, Ed25519PrivateKey.generate().private_bytes_raw())
    raw = path.read_bytes()
    if len(raw) != 32:
        raise DamagedFileError(path, "Put back a copy of it, or delete it and pair every browser again.")
    return Ed25519PrivateKey.from_private_bytes(raw)
