"""A broker's surroundings in memory: LedgerOS and an egress that answer when a test says so, and browsers made of lists."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.channel import Offer
from broker.protocol.decision import Decision, Mode, Seen, SignedDecision
from broker.protocol.denial import Denial, Said, SignedDenial
from broker.protocol.egress import EGRESS_MEANINGS, Arm, Armed, Chunk, EgressOutcome, End, Fault, Head, Health, Send
from broker.protocol.facts import Facts, sign_facts
from broker.protocol.issuer_api import Introspected, Redeem, Redeemed, ReportOutcome, Window
from broker.protocol.sealing import Sealed
from broker.protocol.surrogate import Surrogate, SurrogateCard
from broker.protocol.wire import Wire

ORIGIN = "https://shop.example.com"
HEALTH = Health(version=1, public_key="AA", key_id="EE", sandbox=True, entries=(), armed=0)
STAND_IN = SurrogateCard(
    surrogate=Surrogate(number="4242424242424242", security_code="123"), expiration_month=1, expiration_year=2030, cardholder_name="ADA"
)


class Clock:
    """Stands still until a test moves it."""

    ms = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.ms


class Ledger:
    """Knows every token; each redeem waits until the test says how it is answered."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.key = Ed25519PrivateKey.generate()
        self.cards: dict[str, str] = {}
        self.redeems: list[str] = []
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.waiting: list[asyncio.Future[str]] = []

    async def introspect(self, token: str) -> Introspected:
        about = {"token_hash": b64u(secret_hash(token)), "access_event_id": event_of(token), "intent_id": None}
        return self._signed(self.cards[token], 120_000, about)

    async def introspect_intent(self, intent_id: str) -> Introspected:
        return self._signed(self.cards[intent_id], 1_800_000, {"token_hash": None, "access_event_id": None, "intent_id": intent_id})

    def _signed(self, card: str, life_ms: int, about: dict[str, Any]) -> Introspected:
        facts = Facts(
            issued_at=self.clock.ms, **about,
            expires_at=self.clock.ms + life_ms, broker_id="brk_1", organisation_name="Acme", user_name="Ada", agent_id="agent_1",
            agent_name="bot", card_id=card, card_brand="Visa", last4="4242", card_purpose="x", card_type="single",
            remaining=None, max_amount=None, summary="x", expected_amount=100, expected_currency="USD", merchant_text=None, origin=None,
            linked_origins=(), approval="click", step_up_above=0, amount_tolerance_basis_points=0, egress_keys=("EE",),
        )  # fmt: skip
        return Introspected(active=True, reason=None, message=None, facts=sign_facts(facts, self.key))

    async def close_window(self, access_event_id: str) -> None:
        self.closed.append(access_event_id)

    async def redeem(self, request: Redeem) -> Redeemed:
        self.redeems.append(request.token)
        gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting.append(gate)
        answer = await gate
        if answer == "refused":
            raise IssuerRefusedError(403, "card_frozen", "The card is frozen.")
        if answer == "unavailable":
            raise IssuerUnavailableError("gone")
        decision = request.signed.decision
        window = Window(id="win_1", max_amount=100, currency="USD", expires_at=self.clock.ms)
        self.opened.append(event_of(request.token))
        return Redeemed(
            access_event_id=event_of(request.token), sealed=Sealed(key_id=decision.recipient_key_id, ciphertext="AA"), window=window,
            surrogate=STAND_IN if decision.mode == "surrogate" else None,
        )  # fmt: skip

    async def report(self, outcome: ReportOutcome) -> None:
        pass


class Egress:
    """Holds what is armed; each request waits until the test says how it ends."""

    def __init__(self) -> None:
        self.health: Health | None = HEALTH
        self.held: set[str] = set()
        self.armed: list[str] = []
        self.paid: list[str] = []
        self.waiting: list[tuple[Send, asyncio.Future[EgressOutcome]]] = []

    async def arm(self, message: Arm) -> Armed | Fault:
        if self.health is None:
            raise LedgerError(503, "egress_offline", "gone")
        self.held.add(message.decision.release_id)
        self.armed.append(message.decision.release_id)
        return Armed(release_id=message.decision.release_id, expires_at=message.decision.expires_at)

    async def disarm(self, release_id: str) -> None:
        self.held.discard(release_id)

    async def send(self, message: Send) -> AsyncGenerator[Head | Chunk | End, None]:
        if self.health is None:
            raise LedgerError(503, "egress_offline", "gone")
        gate: asyncio.Future[EgressOutcome] = asyncio.get_running_loop().create_future()
        self.waiting.append((message, gate))
        outcome = await gate
        charged = EGRESS_MEANINGS[outcome].may_have_been_charged
        if charged:
            self.paid.append(message.release_id)
            self.held.discard(message.release_id)
        yield End(request_id=message.request_id, outcome=outcome, may_have_been_charged=charged)


def event_of(token: str) -> str:
    return f"evt_{secret_hash(token).hex()[:12]}"


class Browsers:
    """Paired browsers as `Releases` sees them: who is there, and what each was sent."""

    def __init__(self) -> None:
        self.online: list[str] = []
        self.sent: list[tuple[str, Wire]] = []

    async def connected(self) -> Sequence[str]:
        return list(self.online)

    async def send(self, device_id: str, message: Wire) -> bool:
        if device_id not in self.online:
            return False
        self.sent.append((device_id, message))
        return True

    async def stream(self, device_id: str, message: Wire) -> bool:
        return await self.send(device_id, message)

    def offers(self) -> list[tuple[str, Offer]]:
        return [(device, message) for device, message in self.sent if isinstance(message, Offer)]


def say_no(offer: Offer, facts: Facts | None, clock: Clock, said: Said) -> SignedDenial:
    """What a person's browser sends when it refuses `offer`, or stops what it approved."""
    denial = Denial(
        version=1, said=said, release_id=offer.release_id, facts_hash=b64u(hashlib.sha256(offer.facts.encode()).digest()),
        token_hash=facts.token_hash if facts else None, intent_id=facts.intent_id if facts else None, device_id="dev_1",
        decided_at=clock.ms, nonce="AA",
    )  # fmt: skip
    return SignedDenial(denial=denial, device_signature="AA")


def decide(offer: Offer, facts: Facts | None, clock: Clock, card: str | None = None, mode: Mode = "direct") -> SignedDecision:
    """What a person's browser sends when it approves `offer`; `card` makes the decision about another one."""
    decision = Decision(
        version=1, release_id=offer.release_id, token_hash=facts.token_hash if facts else None,
        facts_hash=b64u(hashlib.sha256(offer.facts.encode()).digest()), access_event_id=facts.access_event_id if facts else None,
        intent_id=facts.intent_id if facts else None, broker_id="brk_1", device_id="dev_1", agent_id="agent_1",
        card_id=card or (facts.card_id if facts else "card_1"), last4="4242", agent_name="bot", claimed=offer.claimed,
        seen=Seen(origin=ORIGIN, frame_origins=(), page_amount=None, first_time_here=True), mismatches=(), max_amount=100,
        currency="USD", mode=mode, recipient_key_id="AA" if mode == "direct" else "EE", decided_at=clock.ms,
        expires_at=offer.expires_at, nonce="AA",
    )  # fmt: skip
    return SignedDecision(decision=decision, device_signature="AA")
