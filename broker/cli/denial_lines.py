"""A denial's receipt in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.cli.receipt_keys import key_lines
from broker.terminal import time_text

if TYPE_CHECKING:
    from broker.issuer.redeem.offline_denial import VerifiedDenial

_WORDS = {"denied": "denied", "stopped": "stopped, after it had been approved and before anything was redeemed"}


def denial_lines(verified: VerifiedDenial) -> list[tuple[str, str]]:
    """What was asked, that the person said no, in which browser, by which keys."""
    from broker.core.money import format_money

    receipt, denial, facts = verified.receipt, verified.denial, verified.facts
    amount = "no amount" if facts.expected_amount is None else format_money(facts.expected_amount, facts.expected_currency)
    subject = f"access event {receipt.access_event_id}" if receipt.access_event_id else f"intent {receipt.intent_id}"
    return [
        ("Release", f"{receipt.release_id}, {subject}"),
        ("Asked by", f"{facts.agent_name} ({facts.agent_id}) for {facts.user_name}, {facts.organisation_name}"),
        ("Card", f"{facts.card_brand} ending {facts.last4} ({facts.card_id})"),
        ("Asked for", f"{facts.origin or 'no address'}, {amount}, “{facts.merchant_text or 'no merchant'}”"),
        ("Agent's words", f"“{facts.summary}”"),
        ("The person", _WORDS[denial.said]),
        ("Decided", f"{time_text(denial.decided_at)} UTC"),
        ("Browser", f"{receipt.device.name} ({receipt.device.id})"),
        ("Reported", f"{time_text(receipt.reported_at)} UTC by {receipt.broker_id}"),
        *key_lines(verified.keys),
    ]
