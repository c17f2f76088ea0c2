"""A person's no, as bytes that the browser's key signs, so that nobody on the way can say it in their place.

digest = SHA-256("ledgeros/denial/v1" LF JCS(denial)), signed by the device key (Ed25519) as a decision is. No
passkey signs it: saying no must not need one.
"""

from __future__ import annotations

from typing import Literal

from broker.core.canonical import digest
from broker.protocol.wire import Base64Url, Id, Millis, Wire

DENIAL_DOMAIN = "ledgeros/denial/v1"

Said = Literal["denied", "stopped"]
"""To a request; or, after an approval, to going on with it."""


class Denial(Wire):
    """A no to one release.

    `facts_hash` is base64url SHA-256 of the signed introspection that was shown; of `token_hash` and `intent_id` there is the one
    that those facts are about.
    """

    version: Literal[1]
    said: Said
    release_id: Id
    facts_hash: Base64Url
    token_hash: Base64Url | None
    intent_id: Id | None
    device_id: Id
    decided_at: Millis
    nonce: Base64Url

    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        return digest(DENIAL_DOMAIN, self.wire())


class SignedDenial(Wire):
    """A denial with the signature that makes it the browser's."""

    denial: Denial
    device_signature: Base64Url
