"""Sealing card credentials to an enrolled key: HPKE base mode (RFC 9180), X25519, HKDF-SHA256, AES-256-GCM.

The context (which decision, which card, which key) goes into HPKE's ``info``, so that a sealed
message opened under any other decision fails.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from broker.core.canonical import b64u, canonical_json, canonical_members, unb64u
from broker.core.card_number import Cvv, Pan
from broker.protocol.billing import BillingAddress
from broker.protocol.wire import Base64Url, Wire

SEAL_DOMAIN = b"ledgeros/seal/v1\n"
KEY_ID_BYTES = 16
"""Bytes of a `key_id`: no public key is as short."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Sealed(Wire):
    """Credentials that only the holder of `key_id` can open. `ciphertext` is enc ‖ ct (32 bytes of enc first)."""

    key_id: Base64Url
    ciphertext: Base64Url


class Credentials(Wire):
    """What is sealed. `brand` is the card network; the year has four digits; `billing` is there where LedgerOS holds an address."""

    pan: Pan
    cvv: Cvv
    expiration_month: int
    expiration_year: int
    cardholder_name: str
    brand: Literal["Visa"]
    billing: BillingAddress | None = None

    def plaintext(self) -> bytes:
        """Canonical JSON with the real digits: call only to seal."""
        billing = None if self.billing is None else self.billing.wire()
        return card_plaintext(self.pan, self.cvv, self.expiration_month, self.expiration_year, self.cardholder_name, self.brand, billing)


def card_plaintext(pan: Pan, cvv: Cvv, month: int, year: int, cardholder: str, brand: str, billing: dict[str, Any] | None = None) -> bytes:
    """`Credentials.plaintext` without the model, for the redeem path: call only to seal. `billing` are the members of an address."""
    card: dict[str, str | int] = {
        "brand": brand, "cardholderName": cardholder, "cvv": cvv.reveal(), "expirationMonth": month, "expirationYear": year,
        "pan": pan.reveal(),
    }  # fmt: skip
    return canonical_members(card) if billing is None else canonical_json({**card, "billing": billing})


def key_id(public_key: bytes) -> str:
    """The name of a public key: base64url of the first 16 bytes of SHA-256 of its raw bytes (a passkey's: of its COSE key)."""
    return b64u(hashlib.sha256(public_key).digest()[:KEY_ID_BYTES])


def seal_info(decision_digest: bytes, card_id: str, recipient_key_id: str) -> bytes:
    """HPKE ``info``: binds the ciphertext to one decision, card and key."""
    return SEAL_DOMAIN + canonical_members({"cardId": card_id, "decision": b64u(decision_digest), "keyId": recipient_key_id})


def seal(credentials: Credentials, recipient: bytes, decision_digest: bytes, card_id: str) -> Sealed:
    """Seal to the raw X25519 public key `recipient` (32 bytes)."""
    return Sealed.model_validate(seal_plaintext(credentials.plaintext(), recipient, decision_digest, card_id))


def seal_plaintext(plaintext: bytes, recipient: bytes, decision_digest: bytes, card_id: str) -> dict[str, str]:
    """`seal` for the redeem path: a `card_plaintext` in, a `Sealed` as its JSON members out."""
    name, key = _recipient(recipient)
    ciphertext = _SUITE.encrypt(plaintext, key, info=seal_info(decision_digest, card_id, name))
    return {"keyId": name, "ciphertext": b64u(ciphertext)}


@lru_cache(maxsize=1_024)
def _recipient(raw: bytes) -> tuple[str, X25519PublicKey]:
    """An enrolled key, parsed once: it is public, and its bytes are its name."""
    return key_id(raw), X25519PublicKey.from_public_bytes(raw)


def unseal(sealed: Sealed, private_key: X25519PrivateKey, decision_digest: bytes, card_id: str) -> Credentials:
    """Open what `seal` made; raises ``cryptography``'s ``InvalidTag`` under any other context."""
    plaintext = _SUITE.decrypt(unb64u(sealed.ciphertext), private_key, info=seal_info(decision_digest, card_id, sealed.key_id))
    return Credentials.model_validate_json(plaintext)
