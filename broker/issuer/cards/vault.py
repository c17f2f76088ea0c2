"""Numbers at rest: a random key per card, AES-256-GCM bound to the row, wrapped by a key outside the database.

A keyed hash makes a number findable at authorisation; the security code is derived, never stored
(PCI DSS 3.3.1). The key-encryption key is versioned: a new version is used for new cards.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from broker.core.card_number import Cvv, Pan
from broker.issuer.keys import KeyFolder

_NONCE = 12


@dataclass(frozen=True, slots=True)
class LockedNumber:
    """What the database holds of a number."""

    kek_version: int
    wrapped_key: bytes
    ciphertext: bytes
    index: bytes


class CardVault:
    """Locks and unlocks numbers with the keys of a `KeyFolder`."""

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys
        self._wrapping: dict[int, bytes] = {}

    def lock(self, card_id: str, pan: Pan) -> LockedNumber:
        """Encrypt `pan` for the row `card_id`."""
        key, nonce, version = secrets.token_bytes(32), secrets.token_bytes(_NONCE), self._keys.newest_version
        ciphertext = nonce + AESGCM(key).encrypt(nonce, pan.reveal().encode(), _row(card_id))
        return LockedNumber(version, aes_key_wrap(self._wrapping_key(version), key), ciphertext, self.index(pan))

    def unlock(self, card_id: str, kek_version: int, wrapped_key: bytes, ciphertext: bytes) -> Pan:
        """The number of the row `card_id`; raises ``InvalidTag`` or ``InvalidUnwrap`` for anybody else's row."""
        key = aes_key_unwrap(self._wrapping_key(kek_version), wrapped_key)
        return Pan(AESGCM(key).decrypt(ciphertext[:_NONCE], ciphertext[_NONCE:], _row(card_id)).decode())

    def index(self, pan: Pan) -> bytes:
        """The keyed hash that finds a number's row."""
        return hmac.digest(self._keys.number_index, pan.reveal().encode(), "sha256")

    def security_code(self, pan: Pan, month: int, year: int) -> Cvv:
        """The three digits that belong to a number and its expiry."""
        keyed = self._code_mac.copy()
        keyed.update(f"{pan.reveal()}|{year:04d}-{month:02d}".encode())
        return Cvv(f"{int.from_bytes(keyed.finalize()[:8], 'big') % 1000:03d}")

    @cached_property
    def _code_mac(self) -> HMAC:
        """Keyed once, copied for every use: setting an HMAC up costs more than using it."""
        return HMAC(self._keys.security_code, SHA256())

    def conceal(self, purpose: str, data: bytes) -> bytes:
        """Encrypt a short-lived secret of the database, bound to `purpose`."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._short_lived()).encrypt(nonce, data, purpose.encode())

    def disclose(self, purpose: str, data: bytes) -> bytes:
        """The inverse of `conceal`."""
        return AESGCM(self._short_lived()).decrypt(data[:_NONCE], data[_NONCE:], purpose.encode())

    def _short_lived(self) -> bytes:
        return hmac.digest(self._wrapping_key(1), b"ledgeros/short-lived/v1", "sha256")

    def _wrapping_key(self, version: int) -> bytes:
        key = self._wrapping.get(version)
        if key is None:
            key = self._wrapping[version] = self._keys.encryption_key(version)
        return key


def _row(card_id: str) -> bytes:
    return f"{card_id}|pan".encode()
