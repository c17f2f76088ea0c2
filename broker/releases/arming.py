"""Surrogate mode, before the page: may the egress be used, and what LedgerOS sealed goes to it."""

from __future__ import annotations

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.protocol.channel import DeliverSurrogate
from broker.protocol.decision import Decision
from broker.protocol.egress import Arm, Fault
from broker.protocol.issuer_api import Redeemed
from broker.protocol.outcomes import Outcome
from broker.releases.desk import Desk
from broker.releases.endings import Ending
from broker.releases.live import Live
from broker.releases.payments import Payment


def egress_fault(desk: Desk, decision: Decision) -> Ending | None:
    """Why the egress that `decision` names cannot be used now; looked at before a token is spent."""
    if decision.mode == "direct":
        return None
    health = desk.egress.health
    if health is None:
        return Ending(Outcome.EGRESS_UNAVAILABLE)
    if health.key_id != decision.recipient_key_id:
        detail = "The egress that runs now has another key than the one that was approved; enrol it: ledgeros egress enrol"
        return Ending(Outcome.EGRESS_UNAVAILABLE, detail)
    return None


async def arm(desk: Desk, live: Live, decision: Decision, redeemed: Redeemed) -> DeliverSurrogate | Ending:
    """Hand the sealed credentials to the egress; what the browser gets instead, or how the release ends."""
    card = redeemed.surrogate
    if card is None:
        return Ending(Outcome.INTERNAL_ERROR, "LedgerOS gave no stand-in for surrogate mode; are both up to date?")
    try:
        answer = await desk.egress.arm(Arm(decision=decision, sealed=redeemed.sealed, surrogate=card.surrogate))
    except LedgerError:
        return Ending(Outcome.EGRESS_UNAVAILABLE)
    if isinstance(answer, Fault):
        return Ending(Outcome.EGRESS_UNAVAILABLE, f"The egress did not take the card: {answer.message}")
    live.payment = Payment(until=min(decision.expires_at, answer.expires_at))
    await desk.store.note(Event("egress:credentials:armed", {"releaseId": live.id, "keyId": decision.recipient_key_id}))
    return DeliverSurrogate(release_id=live.id, card=card)
