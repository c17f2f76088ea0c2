"""The standing rule in a receipt: signed by the person, and wide enough for the payment.

How often it had acted that day, and that nobody had revoked it, is LedgerOS's word: no signature can say it.
"""

from __future__ import annotations

from broker.issuer.redeem.approval import Attested, beyond_reason, mismatches
from broker.issuer.redeem.keys_given import Key, check_device, check_passkey, chosen
from broker.policy import Payment, covers
from broker.protocol.grants import GrantState
from broker.protocol.receipt import Receipt


def check_rule(receipt: Receipt, attested: Attested, device: Key, given: bytes | None) -> Key:
    """The key of the passkey that signed the rule; `ValueError` when a signature does not hold or the payment is outside a bound."""
    held, decision = receipt.grant, receipt.signed.decision
    if held is None or held.signed.grant.grant_id != receipt.grant_id:
        raise ValueError("the receipt does not hold the standing rule that decided")
    if receipt.passkey is not None:
        raise ValueError("the receipt names a standing rule and a passkey: one of them decided")
    signed, grant = held.signed, held.signed.grant
    key = chosen("passkey", given, held.passkey.public_key)
    check_device(device, signed.device_signature, grant.digest(), "standing rule")
    check_passkey(signed.passkey, held.passkey, key, receipt.device.extension_origin, grant.digest(), "standing rule")
    beyond = beyond_reason(decision, attested)
    if beyond is not None:
        raise ValueError(f"the payment goes beyond what its token allows a standing rule: {beyond}")
    state = GrantState(grant=grant, used_today=0, used_total=0, last_used_at=None, revoked_at=None)
    coverage = covers(state, _payment(receipt, attested))
    if not coverage.covered:
        raise ValueError(f"the payment is not inside the receipt's standing rule: {coverage.sentence}")
    return key


def _payment(receipt: Receipt, attested: Attested) -> Payment:
    decision = receipt.signed.decision
    contradicted = tuple(sorted({*decision.mismatches, *mismatches(decision, attested)}))
    # LedgerOS asked the rule at the first redeem. After further ones the receipt has the time of the last.
    at = receipt.redeemed_at if receipt.redeems == 1 else decision.decided_at
    return Payment(
        device_id=decision.device_id, agent_id=decision.agent_id, origin=decision.seen.origin, amount=decision.max_amount,
        currency=decision.currency, mode=decision.mode, mismatches=contradicted, at=at,
    )  # fmt: skip
