"""Receipts verified without LedgerOS.

LedgerOS signs a receipt and names the keys in it, so alone it can make one that agrees with itself. What it
cannot make is a signature of a browser or a passkey whose public key the verifier knows from elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from broker.core.canonical import b64u, digest, unb64u
from broker.core.clock import HOUR_MS
from broker.issuer.redeem.approval import Attested, mismatches, passkey_reason
from broker.issuer.redeem.keys_given import Key, check_device, check_passkey, chosen
from broker.issuer.redeem.offline_denial import check_no
from broker.issuer.redeem.offline_rule import check_rule
from broker.protocol.decision import DECISION_DOMAIN, Decision
from broker.protocol.facts import Facts, verify_facts
from broker.protocol.receipt import Receipt, ledgeros_signed

# How far the browser's clock may have been from LedgerOS's. LedgerOS lets minutes pass (`clock_skew_seconds`), and may be told more.
_DRIFT_MS = HOUR_MS


@dataclass(frozen=True, slots=True)
class Verified:
    """A receipt that agrees with itself, the facts that the person was shown, and the keys that all of it was checked with."""

    receipt: Receipt
    facts: Facts
    keys: tuple[Key, ...]

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return self.receipt.signed.decision

    @property
    def decided_by(self) -> Literal["passkey", "rule", "click"]:
        """What stands behind the decision; a click is the browser's word alone."""
        if self.receipt.grant is not None:
            return "rule"
        return "click" if self.receipt.passkey is None else "passkey"


def verify_receipt(
    document: Any, issuer_key: bytes | None = None, device_key: bytes | None = None, passkey_key: bytes | None = None
) -> Verified:
    """Verify a receipt without LedgerOS; `ValueError` names what does not hold.

    Each key is one that the verifier knows from elsewhere: whole (32 bytes, a passkey's as COSE) or its id (16 bytes). Without it
    the receipt's own is used, and `Verified.keys` says so: then the receipt agrees with itself, and nothing follows about its holder.
    """
    try:
        receipt = Receipt.model_validate(_completed(document))
    except ValidationError:
        raise ValueError("it is not a receipt of this version") from None
    issuer = chosen("issuer", issuer_key, receipt.issuer_key)
    if not ledgeros_signed(document, issuer.public):
        raise ValueError("LedgerOS's signature does not hold")
    facts = verify_facts(receipt.facts, Ed25519PublicKey.from_public_bytes(issuer.public))
    signed = unb64u(receipt.digest)
    if signed != digest(DECISION_DOMAIN, document["signed"]["decision"]):
        raise ValueError("the receipt is about another decision than the one in it")
    _check_binding(receipt, facts)
    device = chosen("device", device_key, receipt.device.signing_key)
    check_device(device, receipt.signed.device_signature, signed, "decision")
    if receipt.stop is not None:
        check_no(receipt.stop, ("stopped", receipt.release_id, receipt.signed.decision.facts_hash, receipt.device.id), device)
    passkey = _check_person(receipt, facts, device, passkey_key)
    return Verified(receipt, facts, (issuer, device) if passkey is None else (issuer, device, passkey))


def _completed(document: Any) -> Any:
    """`document` with what decisions did not say before a subscription had to be approved as one. What is signed is what came."""
    try:
        signed = document["signed"]
        return {**document, "signed": {**signed, "decision": {"reason": "one-time", **signed["decision"]}}}
    except (KeyError, TypeError):
        return document


def _check_binding(receipt: Receipt, facts: Facts) -> None:
    decision = receipt.signed.decision
    about = {
        "another release": receipt.release_id == decision.release_id,
        "another access event": decision.access_event_id in (None, receipt.access_event_id),
        "another broker": receipt.broker_id == decision.broker_id == facts.broker_id,
        "another browser": receipt.device.id == decision.device_id,
        "other facts": decision.facts_hash == b64u(hashlib.sha256(receipt.facts.encode()).digest()),
        "another token": facts.token_hash == decision.token_hash,
        "another intent": receipt.intent_id == decision.intent_id and decision.intent_id in (None, facts.intent_id),
        "another standing rule": receipt.grant_id == decision.grant_id,
        "another reason": facts.reason == decision.reason,
        "another card": (facts.card_id, facts.last4) == (decision.card_id, decision.last4),
        "another agent": (facts.agent_id, facts.agent_name) == (decision.agent_id, decision.agent_name),
        "another merchant": facts.merchant_text == decision.claimed.merchant_text,
        "another currency": decision.currency == decision.claimed.currency == facts.expected_currency,
        "another time": decision.decided_at - _DRIFT_MS <= receipt.redeemed_at <= decision.expires_at + _DRIFT_MS,
        "another amount": facts.expected_amount is None or decision.claimed.amount in (None, facts.expected_amount),
    }
    wrong = next((what for what, holds in about.items() if not holds), None)
    if wrong is not None:
        raise ValueError(f"the receipt is about {wrong} than the decision")


def _check_person(receipt: Receipt, facts: Facts, device: Key, given: bytes | None) -> Key | None:
    """The key of the passkey behind the decision: its own or its rule's. None for a click, where one was enough."""
    if (receipt.signed.passkey is None) != (receipt.passkey is None):
        raise ValueError("the passkey and its signature do not come together")
    attested = _attested(facts, receipt.signed.decision)
    if mismatches(receipt.signed.decision, attested) - set(receipt.signed.decision.mismatches):
        raise ValueError("the decision leaves out a mismatch between claim and page")
    if receipt.grant_id is not None or receipt.grant is not None:
        return check_rule(receipt, attested, device, given)
    passkey, assertion = receipt.passkey, receipt.signed.passkey
    if passkey is None or assertion is None:
        _check_click(receipt, attested, given)
        return None
    key = chosen("passkey", given, passkey.public_key)
    check_passkey(assertion, passkey, key, receipt.device.extension_origin, unb64u(receipt.digest), "decision")
    return key


def _check_click(receipt: Receipt, attested: Attested, given: bytes | None) -> None:
    every_time = replace(attested, approval="passkey") if receipt.approval == "passkey" else attested
    why = passkey_reason(receipt.signed.decision, every_time)
    if why is not None:
        raise ValueError(f"no passkey signed it, and nothing less could have approved it: {why}")
    if given is not None:
        raise ValueError("no passkey signed it, and you gave a passkey's key")


def _attested(facts: Facts, decision: Decision) -> Attested:
    """What the facts say that an approval needs: the extension went by them, and asks for a passkey wherever LedgerOS does."""
    return Attested(
        approval=facts.approval, step_up_above=facts.step_up_above, expected_amount=facts.expected_amount, origin=facts.origin,
        origin_linked=decision.seen.origin in facts.linked_origins, tolerance_basis_points=facts.amount_tolerance_basis_points,
    )  # fmt: skip
