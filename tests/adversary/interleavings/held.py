"""What the hostile world holds: intents, tokens, decisions about them, and numbers that got out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from broker.core.canonical import b64u
from broker.protocol.decision import Decision, SignedDecision
from broker.protocol.sealing import Credentials
from tests.adversary.interleavings.parties import Parties
from tests.api.issuer.parties import Device, Egress

FORGERIES = ("no passkey", "altered after", "own key", "other card", "other reason", "more money", "stale", "sealed to nobody")
HONEST = ("passkey", "rule", "egress", "rule and egress")


@dataclass
class Approval:
    """A decision as somebody holds it. `honest`: LedgerOS may release a card under it, to the broker it names."""

    signed: SignedDecision
    honest: bool
    opens: Device | Egress

    @property
    def digest(self) -> str:
        return self.signed.decision.digest().hex()


@dataclass
class Intent:
    """An intent as its agent holds it."""

    id: str
    card: str
    reason: str
    facts: str | None = None
    approvals: list[Approval] = field(default_factory=list)


@dataclass
class Token:
    """A token as its agent holds it, of an intent or by itself."""

    text: str
    event: str
    card: str
    reason: str
    intent: Intent | None = None
    facts: str | None = None
    own: list[Approval] = field(default_factory=list)
    redeemed: int = 0

    @property
    def approvals(self) -> list[Approval]:
        """The decisions that may be about it."""
        return self.own if self.intent is None else self.intent.approvals


@dataclass
class Number:
    """A card's number, outside; `charge` is the transaction that a later one may follow."""

    credentials: Credentials
    card: str
    charge: str | None = None


def approve(parties: Parties, facts: str, how: str) -> Approval:
    """A decision on `facts`: by the person, by the rule, for the browser or the egress, or one of `FORGERIES`."""
    world = parties.world
    opens: Device | Egress = parties.egress if "egress" in how else world.device
    changes: dict[str, Any] = dict(parties.egress.recipient) if "egress" in how else {}
    changes |= {"grantId": parties.rule} if "rule" in how else {}
    plain = world.device.decision(facts, world.clock.now_ms(), **changes)
    decision = Decision.model_validate({**plain.wire(), **_forgery(parties, plain, how)})
    honest = how in HONEST and not ("rule" in how and decision.reason == "subscription")
    if how == "own key":
        return Approval(Device(id=world.device.id).sign(decision), False, opens)
    signed = world.device.sign(decision, passkey=how != "no passkey" and decision.grant_id is None)
    if how == "altered after":
        changed = Decision.model_validate({**decision.wire(), "nonce": b64u(secrets.token_bytes(16))})
        signed = signed.model_copy(update={"decision": changed})
    return Approval(signed, honest, opens)


def _forgery(parties: Parties, decision: Decision, how: str) -> dict[str, Any]:
    forged: dict[str, dict[str, Any]] = {
        "other card": {"cardId": next(card for card in parties.cards if card != decision.card_id)},
        "other reason": {"reason": "one-time" if decision.reason == "subscription" else "subscription"},
        "more money": {"maxAmount": 1_000_000},
        "stale": {"decidedAt": decision.decided_at - 600_000},
        "sealed to nobody": {"mode": "surrogate"},
    }
    return forged.get(how, {})
