"""Whether a decision, or a denial, is about the release that was offered. Who signed it is LedgerOS's to verify."""

from __future__ import annotations

from broker.audit import Event
from broker.core.canonical import b64u
from broker.core.ids import secret_hash
from broker.protocol.channel import Approve
from broker.protocol.decision import Decision
from broker.protocol.denial import Said, SignedDenial
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
    }
    if decision.mode == "surrogate" and decision.recipient_key_id not in facts.egress_keys:
        return "recipient_key_id"
    return next((name for name, value in expected.items() if getattr(decision, name) != value), None)


def denial_fault(signed: SignedDenial | None, live: Live, said: Said) -> str | None:
    """Why a denial cannot be shown to be the person's: there is no signature, or the named member does not fit the offer."""
    if signed is None:
        return "unsigned"
    if live.facts is None or live.offer is None:
        return "nothing_offered"
    denial = signed.denial
    expected = {
        "said": said,
        "release_id": live.id,
        "facts_hash": facts_hash(live.offer.facts),
        "token_hash": live.facts.token_hash,
        "intent_id": live.facts.intent_id,
    }
    return next((name for name, value in expected.items() if getattr(denial, name) != value), None)


def fitting_denial(signed: SignedDenial | None, live: Live, device_id: str, said: Said) -> tuple[SignedDenial | None, Event]:
    """The denial if LedgerOS may take it for the person's, and its event: theirs then, else what the browser says of them.

    Either way the release ends: a no is heard however it comes.
    """
    facts: dict[str, object] = {"releaseId": live.id, "deviceId": device_id}
    fault = denial_fault(signed, live, said)
    if signed is None or fault is not None:
        return None, Event(f"extension:release:{said}", {**facts, "unproven": fault})
    return signed, Event(f"person:release:{said}", {**facts, "digest": b64u(signed.denial.digest())})


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
        "mismatches": list(decision.mismatches),
        "mode": decision.mode,
        "passkey": message.signed.passkey is not None,
        **({} if decision.intent_id is None else {"intentId": decision.intent_id}),
        **({} if decision.grant_id is None else {"grantId": decision.grant_id}),
    }
