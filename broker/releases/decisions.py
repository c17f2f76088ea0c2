"""Whether a decision is about the release that was offered. Who signed it is LedgerOS's to verify."""

from __future__ import annotations

from broker.core.canonical import b64u
from broker.core.ids import secret_hash
from broker.protocol.channel import Approve
from broker.protocol.decision import Decision
from broker.releases.introspection import facts_hash
from broker.releases.live import Live


def decision_fault(message: Approve, live: Live) -> str | None:
    """The first member of the decision that does not fit the offer, or None."""
    decision = message.signed.decision
    if live.facts is None or live.offer is None or (live.token is None) == (live.intent_id is None):
        return "nothing_offered"
    facts = live.facts
    expected = {
        "release_id": live.id,
        "token_hash": None if live.token is None else b64u(secret_hash(live.token)),
        "intent_id": live.intent_id,
        "facts_hash": facts_hash(live.offer.facts),
        "access_event_id": facts.access_event_id,
        "broker_id": facts.broker_id,
        "agent_id": facts.agent_id,
        "card_id": facts.card_id,
        "last4": facts.last4,
        "claimed": live.offer.claimed,
        "currency": facts.expected_currency,
        "reason": facts.reason,
    }
    if decision.mode == "surrogate" and decision.recipient_key_id not in facts.egress_keys:
        return "recipient_key_id"
    return next((name for name, value in expected.items() if getattr(decision, name) != value), None)


def decision_facts(message: Approve, device_id: str) -> dict[str, object]:
    """What the event of an approval says."""
    decision: Decision = message.signed.decision
    return {
        "releaseId": decision.release_id,
        "deviceId": device_id,
        "digest": b64u(decision.digest()),
        "origin": decision.seen.origin,
        "maxAmount": decision.max_amount,
        "currency": decision.currency,
        "reason": decision.reason,
        "mismatches": list(decision.mismatches),
        "mode": decision.mode,
        "passkey": message.signed.passkey is not None,
        **({} if decision.intent_id is None else {"intentId": decision.intent_id}),
        **({} if decision.grant_id is None else {"grantId": decision.grant_id}),
    }
