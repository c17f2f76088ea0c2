"""The public keys that a receipt relies on: which the verifier gave, and which the receipt only names itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.core.canonical import b64u, unb64u
from broker.issuer.brokers.webauthn_check import verify_assertion
from broker.protocol.decision import PasskeyAssertion
from broker.protocol.receipt import ReceiptPasskey
from broker.protocol.sealing import KEY_ID_BYTES, key_id

Holder = Literal["issuer", "device", "passkey"]
WORDS: dict[Holder, str] = {"issuer": "LedgerOS", "device": "the browser", "passkey": "the passkey"}


@dataclass(frozen=True, slots=True)
class Key:
    """A public key (Ed25519 raw; a passkey's as COSE). Unless it was `given`, it is the receipt's own and pins nothing."""

    holder: Holder
    public: bytes
    given: bool

    @property
    def id(self) -> str:
        """Its name, as every listing shows it."""
        return key_id(self.public)


def chosen(holder: Holder, given: bytes | None, named: str) -> Key:
    """The key of `holder` that the receipt names in base64url, compared with what the verifier gave: a whole key or its id.

    `ValueError` when it is another one.
    """
    try:
        public = unb64u(named)
    except ValueError:
        raise ValueError(f"what the receipt names as {WORDS[holder]}'s key is none") from None
    if given is None:
        return Key(holder, public, given=False)
    same = key_id(public) == b64u(given) if len(given) == KEY_ID_BYTES else public == given
    if not same:
        raise ValueError(f"{WORDS[holder]}'s key in the receipt is not the one you gave")
    return Key(holder, public, given=True)


def check_device(key: Key, signature: str, digest: bytes, what: str) -> None:
    """`ValueError` unless the browser's `key` signed the 32 bytes; `what` they are the digest of."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(unb64u(signature), digest)
    except (ValueError, InvalidSignature):
        raise ValueError(f"the browser's signature of the {what} does not hold") from None


def check_passkey(assertion: PasskeyAssertion, passkey: ReceiptPasskey, key: Key, origin: str, digest: bytes, what: str) -> None:
    """`ValueError` unless the passkey signed the 32 bytes in the extension at `origin`, its user verified."""
    # The counter was checked when the passkey signed; offline any counter is good.
    if assertion.credential_id != passkey.credential_id or verify_assertion(assertion, digest, origin, key.public, 0) is None:
        raise ValueError(f"the passkey's signature of the {what} does not hold")
