"""Receipts of denials verified without LedgerOS: which browser said no, to what it was shown, when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from broker.core.canonical import b64u, unb64u
from broker.issuer.redeem.keys_given import Key, check_device, chosen
from broker.protocol.denial import Denial, SignedDenial
from broker.protocol.facts import Facts, verify_facts
from broker.protocol.receipt import DenialReceipt, ledgeros_signed


@dataclass(frozen=True, slots=True)
class VerifiedDenial:
    """A denial's receipt that agrees with itself, the facts that were shown, and the keys it was checked with."""

    receipt: DenialReceipt
    facts: Facts
    keys: tuple[Key, ...]

    @property
    def denial(self) -> Denial:
        """What was said."""
        return self.receipt.signed.denial


def verify_denial(document: Any, issuer_key: bytes | None = None, device_key: bytes | None = None) -> VerifiedDenial:
    """Verify a denial's receipt without LedgerOS; `ValueError` names what does not hold. Keys are as in `offline.verify_receipt`."""
    try:
        receipt = DenialReceipt.model_validate(document)
    except ValidationError:
        raise ValueError("it is not a receipt of this version") from None
    issuer = chosen("issuer", issuer_key, receipt.issuer_key)
    if not ledgeros_signed(document, issuer.public):
        raise ValueError("LedgerOS's signature does not hold")
    facts = verify_facts(receipt.facts, Ed25519PublicKey.from_public_bytes(issuer.public))
    _check_binding(receipt, facts)
    device = chosen("device", device_key, receipt.device.signing_key)
    shown = b64u(hashlib.sha256(receipt.facts.encode()).digest())
    check_no(receipt.signed, (receipt.signed.denial.said, receipt.release_id, shown, receipt.device.id), device)
    return VerifiedDenial(receipt, facts, (issuer, device))


def check_no(signed: SignedDenial, about: tuple[str, str, str, str], device: Key) -> None:
    """`ValueError` unless the browser's key signed exactly this no: what it said, to which release, shown which facts, as which browser."""
    denial = signed.denial
    if (denial.said, denial.release_id, denial.facts_hash, denial.device_id) != about:
        raise ValueError("the receipt is about another release, or other facts, than the denial")
    check_device(device, signed.device_signature, denial.digest(), "denial")


def _check_binding(receipt: DenialReceipt, facts: Facts) -> None:
    denial = receipt.signed.denial
    about = {
        "another denial": unb64u(receipt.digest) == denial.digest(),
        "another token": facts.token_hash == denial.token_hash,
        "another intent": facts.intent_id == denial.intent_id and denial.intent_id in (None, receipt.intent_id),
        "another access event": facts.access_event_id in (None, receipt.access_event_id),
        "another broker": facts.broker_id == receipt.broker_id,
    }
    wrong = next((what for what, holds in about.items() if not holds), None)
    if wrong is not None:
        raise ValueError(f"the receipt is about {wrong} than the one that was signed")
