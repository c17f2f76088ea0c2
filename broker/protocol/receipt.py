"""The receipt of a release: what was shown, what was decided or denied, by which keys, when; signed by LedgerOS.

signature = Ed25519 over SHA-256("ledgeros/receipt/v1" LF JCS(receipt without its signature)). It
carries everything that is needed to verify it without LedgerOS, given the public keys of LedgerOS,
of the browser and of the passkey. The keys that it names itself prove nothing beyond LedgerOS's word.
"""

from __future__ import annotations

from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.core.canonical import b64u, digest, unb64u
from broker.protocol.decision import SignedDecision
from broker.protocol.denial import SignedDenial
from broker.protocol.facts import ApprovalSetting
from broker.protocol.grants import SignedGrant
from broker.protocol.wire import Base64Url, Id, Label, Millis, Wire

RECEIPT_DOMAIN = "ledgeros/receipt/v1"


class ReceiptDevice(Wire):
    """The browser whose key signed the decision, as LedgerOS enrolled it."""

    id: Id
    name: Label
    extension_origin: str
    signing_key: Base64Url
    enrolled_at: Millis
    revoked_at: Millis | None


class ReceiptPasskey(Wire):
    """The passkey that signed the decision or the standing rule, as LedgerOS enrolled it; `public_key` is a COSE key."""

    id: Id
    credential_id: Base64Url
    public_key: Base64Url
    enrolled_at: Millis
    revoked_at: Millis | None


class ReceiptGrant(Wire):
    """The standing rule that decided in the person's place, with the passkey that signed it."""

    signed: SignedGrant
    passkey: ReceiptPasskey


class Receipt(Wire):
    """One redeemed release.

    `facts` is the signed introspection that was shown, `approval` the organisation's setting at the
    time, `digest` the decision's. `redeems` counts the tokens it spent (more than one only on an
    intent), of which `access_event_id` and `redeemed_at` are the last. `outcome` is what the broker
    reported, null before it did. `grant` is there when `grant_id` is: a rule holds the person's proof. `stop` is the person's
    signed stop, where they took the approval back.
    """

    object: Literal["receipt"]
    version: Literal[1]
    release_id: Id
    access_event_id: Id
    digest: Base64Url
    signed: SignedDecision
    facts: str
    issuer_key: Base64Url
    device: ReceiptDevice
    passkey: ReceiptPasskey | None
    approval: ApprovalSetting
    broker_id: Id
    intent_id: Id | None
    grant_id: Id | None
    grant: ReceiptGrant | None = None
    redeems: int
    redeemed_at: Millis
    outcome: str | None
    outcome_fields: tuple[str, ...] | None
    outcome_at: Millis | None
    stop: SignedDenial | None = None
    issued_at: Millis
    signature: Base64Url


class DenialReceipt(Wire):
    """One release that a person denied, or stopped before anything was redeemed; without the browser's signature there is none.

    `facts` is the signed introspection that was shown, `digest` the denial's. `access_event_id` is null where no token was made.
    """

    object: Literal["denial_receipt"]
    version: Literal[1]
    release_id: Id
    access_event_id: Id | None
    intent_id: Id | None
    digest: Base64Url
    signed: SignedDenial
    facts: str
    issuer_key: Base64Url
    device: ReceiptDevice
    broker_id: Id
    reported_at: Millis
    issued_at: Millis
    signature: Base64Url


def sign_receipt(unsigned: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """`unsigned` (a `Receipt` or `DenialReceipt` on the wire, without its signature) with LedgerOS's signature."""
    return {**unsigned, "signature": b64u(key.sign(digest(RECEIPT_DOMAIN, unsigned)))}


def ledgeros_signed(document: dict[str, Any], key: bytes) -> bool:
    """Whether LedgerOS's `key` (32 bytes) signed exactly this document."""
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(unb64u(document["signature"]), digest(RECEIPT_DOMAIN, unsigned))
    except (ValueError, KeyError, TypeError, InvalidSignature):
        return False
    return True
