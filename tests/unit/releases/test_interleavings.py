"""Random interleavings of agents, browsers, LedgerOS, the egress and time: what must hold holds after every step.

At most one redeem a token; nothing delivered without an approval, or to another browser, or twice;
one unfinished release a card; one end per release, and no state without its event. In surrogate mode
nothing is delivered that the egress does not hold, and after a payment went out no release ends as if
none had.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from broker import tlog
from broker.audit import metadata, read_events
from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory, secret_hash
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.agent_api import CreateRelease
from broker.protocol.channel import Approve, Deliver, DeliverSurrogate, Deny, Offer, Ready, Result, Stop
from broker.protocol.decision import Decision, Mode, Seen, SignedDecision
from broker.protocol.egress import EGRESS_MEANINGS, Arm, Armed, Chunk, EgressOutcome, End, Fault, Head, Health, Send
from broker.protocol.facts import Facts, sign_facts
from broker.protocol.issuer_api import Introspected, Redeem, Redeemed, ReportOutcome, Window
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.protocol.sealing import Sealed
from broker.protocol.surrogate import Surrogate, SurrogateCard
from broker.protocol.wire import Wire
from broker.releases import Releases, ReleaseStore, Reporter
from broker.releases.live import Live
from broker.releases.tables import releases
from broker.storage import Database

ORIGIN = "https://shop.example.com"
DEVICES = ("dev_a", "dev_b")
HEALTH = Health(version=1, public_key="AA", key_id="EE", sandbox=True, entries=(), armed=0)
STAND_IN = SurrogateCard(
    surrogate=Surrogate(number="4242424242424242", security_code="123"), expiration_month=1, expiration_year=2030, cardholder_name="ADA"
)
PICK = st.sampled_from([0, 0, 0, 1, 2])
"""Which offer a step is about, counted from the newest."""


class _Clock:
    ms = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.ms


class _Ledger:
    """Knows every token; each redeem waits until the test says how it is answered."""

    def __init__(self, clock: _Clock) -> None:
        self.clock = clock
        self.key = Ed25519PrivateKey.generate()
        self.cards: dict[str, str] = {}
        self.redeems: list[str] = []
        self.closed: list[str] = []
        self.waiting: list[asyncio.Future[str]] = []

    async def introspect(self, token: str) -> Introspected:
        facts = Facts(
            issued_at=self.clock.ms, token_hash=b64u(secret_hash(token)), access_event_id=f"evt_{secret_hash(token).hex()[:12]}",
            expires_at=self.clock.ms + 120_000, broker_id="brk_1", organisation_name="Acme", user_name="Ada", agent_id="agent_1",
            agent_name="bot", card_id=self.cards[token], card_brand="Visa", last4="4242", card_purpose="x", card_type="single",
            remaining=None, max_amount=None, summary="x", expected_amount=100, expected_currency="USD", merchant_text=None, origin=None,
            linked_origins=(), approval="click", step_up_above=0, amount_tolerance_basis_points=0, egress_keys=("EE",),
        )  # fmt: skip
        return Introspected(active=True, reason=None, message=None, facts=sign_facts(facts, self.key))

    async def introspect_intent(self, intent_id: str) -> Introspected:
        raise AssertionError("nobody asks with an intent here")

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
        return Redeemed(
            access_event_id=decision.access_event_id or "", sealed=Sealed(key_id=decision.recipient_key_id, ciphertext="AA"), window=window,
            surrogate=STAND_IN if decision.mode == "surrogate" else None,
        )  # fmt: skip

    async def report(self, outcome: ReportOutcome) -> None:
        pass


class _Egress:
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


class _Browsers:
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

    def offers(self) -> list[tuple[str, Offer]]:
        return [(device, message) for device, message in self.sent if isinstance(message, Offer)]


class Interleavings(RuleBasedStateMachine):
    """One broker's releases, driven at random."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.seen: dict[str, Live] = {}
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock = _Clock()
        self.ledger, self.browsers, self.egress = _Ledger(self.clock), _Browsers(), _Egress()
        self.database = Database(Path(self.folder.name) / "broker.db", metadata, 1)
        store = ReleaseStore(self.database, self.clock)
        self.releases = Releases(
            store=store, issuer=self.ledger, courier=self.browsers, egress=self.egress,
            reporter=Reporter(store, self.ledger), clock=self.clock, ids=IdFactory(self.clock), broker_id="brk_1",
        )  # fmt: skip
        self.desk = self.releases._desk
        self.run(self.releases.start())
        for device in DEVICES:
            self.connect(device)

    def run(self, work: Any) -> Any:
        async def quietly() -> Any:
            result = await work
            # Steps run on their own; wait until each is done or waits for LedgerOS.
            while len(self.desk._tasks) > self.held_up():  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            return result

        return self.runner.run(quietly())

    def held_up(self) -> int:
        """Steps that wait for LedgerOS or the egress, and those in a queue behind one of them."""
        self.seen.update(self.desk.live)
        behind = sum(max(0, live.payment.queued - 1) for live in self.seen.values() if live.payment is not None)
        redeems = sum(not gate.done() for gate in self.ledger.waiting)
        return redeems + sum(not gate.done() for _, gate in self.egress.waiting) + behind

    def teardown(self) -> None:
        self.run_answers("unavailable")
        while any(not gate.done() for _, gate in self.egress.waiting):  # one that was queued comes after
            self.run_egress(EgressOutcome.MERCHANT_TIMEOUT)
        self.run(self.releases.close())
        assert self.unfinished() == []
        self.database.close()
        self.runner.close()
        self.folder.cleanup()

    def run_answers(self, answer: str) -> None:
        async def give() -> None:
            for gate in self.ledger.waiting:
                if not gate.done():
                    gate.set_result(answer)

        self.run(give())

    def run_egress(self, outcome: EgressOutcome) -> None:
        async def give() -> None:
            for _, gate in self.egress.waiting:
                if not gate.done():
                    gate.set_result(outcome)

        self.run(give())

    # -- what happens ----------------------------------------------------------------------

    @rule(card=st.sampled_from(["card_1", "card_2", "card_3", "card_4"]))
    def ask(self, card: str) -> None:
        token = "tok_" + secrets.token_urlsafe(32)
        self.ledger.cards[token] = card
        # Mostly another agent each time: one alone would soon meet nothing but merged repeats and cool-downs.
        self.asked += 1
        agent = f"agt_{self.asked % 7}"
        self.run(self.releases.request(agent, CreateRelease(details_token=token, origin=ORIGIN)))

    @rule(card=st.sampled_from(["card_1", "card_2", "card_3", "card_4"]), answer=st.sampled_from(["sealed", "sealed", "refused"]))
    def ask_and_approve(self, card: str, answer: str) -> None:
        """The ordinary way, so that the walk gets far often."""
        before = len(self.browsers.offers())
        self.ask(card)
        if len(self.browsers.offers()) > before:
            self.approve(0)
            self.run_answers(answer)

    @rule(device=st.sampled_from(DEVICES))
    def connect(self, device: str) -> None:
        if device not in self.browsers.online:
            self.browsers.online.insert(0, device)
            self.run(self.releases.browser_connected(device))

    @rule(device=st.sampled_from(DEVICES))
    def disconnect(self, device: str) -> None:
        if device in self.browsers.online:
            self.browsers.online.remove(device)
            self.run(self.releases.browser_disconnected(device))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def approve(self, pick: int) -> None:
        device, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Approve(release_id=offer.release_id, signed=self.decide(offer))))

    @rule(
        ready=st.booleans(),
        sends=st.integers(0, 2),
        meanwhile=st.sampled_from([None, "stopped", Outcome.TAB_CLOSED, Outcome.FIELD_REJECTED, Outcome.FILLED, 121]),
        answer=st.sampled_from([None, EgressOutcome.SWAPPED, EgressOutcome.SWAPPED, *EgressOutcome]),
    )
    def ask_and_pay(self, ready: bool, sends: int, meanwhile: str | Outcome | int | None, answer: EgressOutcome | None) -> None:
        """The ordinary way in surrogate mode, and what may come between a payment and its answer."""
        if self.egress.health is None:
            self.the_egress_is_back()
        self.connect(DEVICES[0])
        before = len(self.browsers.offers())
        self.ask(f"card_own{self.asked}")
        if len(self.browsers.offers()) == before:
            return
        self.approve_with_a_surrogate(0)
        if ready:
            self.ready(0)
        for _ in range(sends):
            self.send(0)
        self.something_else_ends_it(meanwhile)
        if answer is not None:
            self.run_egress(answer)

    def something_else_ends_it(self, how: str | Outcome | int | None) -> None:
        device, offer = self.picked(0)
        if how == "stopped":
            self.stop(0)
        elif isinstance(how, Outcome):
            self.run(self.releases.browser_said(device, Result(release_id=offer.release_id, outcome=how, fields=(), failed=())))
        elif isinstance(how, int):
            self.time_passes(how)

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def approve_with_a_surrogate(self, pick: int) -> None:
        device, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Approve(release_id=offer.release_id, signed=self.decide(offer, mode="surrogate"))))
        self.run_answers("sealed")

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def ready(self, pick: int) -> None:
        device, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Ready(release_id=offer.release_id, fields=("number",))))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def send(self, pick: int) -> None:
        device, offer = self.picked(pick)
        request = Send(
            request_id="r1", release_id=offer.release_id, url="https://pay.example/", method="POST", headers=(), body="", top_origin=ORIGIN,
            frame_origin=ORIGIN, resource_type="fetch",
        )  # fmt: skip
        self.run(self.releases.browser_said(device, request))

    @precondition(lambda self: any(not gate.done() for _, gate in self.egress.waiting))
    @rule(outcome=st.sampled_from([EgressOutcome.SWAPPED, EgressOutcome.SWAPPED, *EgressOutcome]))
    def the_egress_answers(self, outcome: EgressOutcome) -> None:
        self.run_egress(outcome)

    @rule(back=st.booleans())
    def the_egress_is_restarted(self, back: bool) -> None:
        self.egress.health = None
        self.egress.held.clear()
        self.run_egress(EgressOutcome.MAY_HAVE_BEEN_CHARGED)
        self.run(self.releases.egress_changed(None))
        if back:
            self.the_egress_is_back()

    @precondition(lambda self: self.egress.health is None)
    @rule()
    def the_egress_is_back(self) -> None:
        self.egress.health = HEALTH
        self.run(self.releases.egress_changed(HEALTH))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK, device=st.sampled_from(DEVICES), card=st.sampled_from([None, "card_9"]))
    def approve_wrongly(self, pick: int, device: str, card: str | None) -> None:
        _, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Approve(release_id=offer.release_id, signed=self.decide(offer, card))))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK, device=st.sampled_from(DEVICES))
    def deny(self, pick: int, device: str) -> None:
        _, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Deny(release_id=offer.release_id)))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK, device=st.sampled_from(DEVICES), outcome=st.sampled_from(list(Outcome)))
    def result(self, pick: int, device: str, outcome: Outcome) -> None:
        _, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Result(release_id=offer.release_id, outcome=outcome, fields=("number",), failed=())))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def filled(self, pick: int) -> None:
        device, offer = self.picked(pick)
        self.run(
            self.releases.browser_said(device, Result(release_id=offer.release_id, outcome=Outcome.FILLED, fields=("number",), failed=()))
        )

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def stop(self, pick: int) -> None:
        device, offer = self.picked(pick)
        self.run(self.releases.browser_said(device, Stop(release_id=offer.release_id)))

    def picked(self, pick: int) -> tuple[str, Offer]:
        offers = self.browsers.offers()
        return offers[-1 - pick % len(offers)]

    @precondition(lambda self: any(not gate.done() for gate in self.ledger.waiting))
    @rule(answer=st.sampled_from(["sealed", "sealed", "sealed", "refused", "unavailable"]))
    def ledgeros_answers(self, answer: str) -> None:
        self.run_answers(answer)

    @rule(seconds=st.sampled_from([1, 1, 11, 31, 121]))
    def time_passes(self, seconds: int) -> None:
        self.clock.ms += seconds * 1000
        self.run(self.releases.sweep())

    def decide(self, offer: Offer, card: str | None = None, mode: Mode = "direct") -> SignedDecision:
        live = self.desk.live.get(offer.release_id)
        facts = live.facts if live and live.facts else None
        decision = Decision(
            version=1, release_id=offer.release_id, token_hash=facts.token_hash if facts else None,
            facts_hash=b64u(hashlib.sha256(offer.facts.encode()).digest()), access_event_id=facts.access_event_id if facts else None,
            broker_id="brk_1", device_id="dev_1", agent_id="agent_1", card_id=card or (facts.card_id if facts else "card_1"), last4="4242",
            agent_name="bot", claimed=offer.claimed, seen=Seen(origin=ORIGIN, frame_origins=(), page_amount=None, first_time_here=True),
            mismatches=(), max_amount=100, currency="USD", mode=mode, recipient_key_id="AA" if mode == "direct" else "EE",
            decided_at=self.clock.ms,            expires_at=offer.expires_at, nonce="AA",
        )  # fmt: skip
        return SignedDecision(decision=decision, device_signature="AA")

    # -- what must hold --------------------------------------------------------------------

    def rows(self) -> list[Any]:
        return list(self.database.read_now(lambda connection: connection.execute(select(releases)).all()))

    def unfinished(self) -> list[Any]:
        return [row for row in self.rows() if row.status != "finished"]

    @invariant()
    def at_most_one_redeem_a_token(self) -> None:
        assert all(count == 1 for count in Counter(self.ledger.redeems).values())

    @invariant()
    def one_unfinished_release_a_card(self) -> None:
        cards = [row.card_id for row in self.unfinished() if row.card_id]
        assert len(cards) == len(set(cards))

    @invariant()
    def no_delivery_without_an_approval_to_that_browser_and_none_twice(self) -> None:
        approved = {entry.facts["releaseId"]: entry.facts["deviceId"] for entry in self.log() if entry.name == "person:release:approved"}
        delivered = [
            (message.release_id, device) for device, message in self.browsers.sent if isinstance(message, Deliver | DeliverSurrogate)
        ]
        assert all(approved.get(release_id) == device for release_id, device in delivered)
        assert len(delivered) == len(set(delivered))

    @invariant()
    def no_state_without_its_event(self) -> None:
        names = Counter((entry.name, entry.facts.get("releaseId")) for entry in self.log())
        for row in self.rows():
            assert names["agent:release:requested", row.id] == 1
            assert names["person:release:approved", row.id] <= 1
            assert names["broker:release:finished", row.id] == (row.status == "finished")
            if row.status in ("approved", "filling", "paying", "sending"):
                assert names["person:release:approved", row.id] == 1
            if row.status in ("filling", "paying", "sending") or row.outcome == "filled":
                assert names["issuer:token:redeemed", row.id] == 1
            if row.outcome == "filled":
                assert names["broker:credentials:delivered", row.id] == names["extension:release:filled", row.id] == 1
            if row.outcome == "stopped":
                assert names["person:release:approved", row.id] == names["person:release:stopped", row.id] == 1
            if row.outcome == "denied":
                assert names["person:release:denied", row.id] == 1

    @invariant()
    def nothing_is_delivered_that_the_egress_did_not_hold(self) -> None:
        handed = [message.release_id for _, message in self.browsers.sent if isinstance(message, DeliverSurrogate)]
        assert set(handed) <= set(self.egress.armed)
        assert self.egress.held <= {live.id for live in self.desk.live.values()}

    @invariant()
    def a_payment_that_went_out_is_never_forgotten(self) -> None:
        names = Counter((entry.name, entry.facts.get("releaseId")) for entry in self.log())
        for row in self.rows():
            if row.id in self.egress.paid:
                assert row.status == "sending" or (row.status == "finished" and MEANINGS[Outcome(row.outcome)].value_delivered)
            if row.status == "sending":
                assert names["extension:payment:paused", row.id] >= 1
            if row.outcome == "submitted":
                assert row.id in self.egress.paid

    @invariant()
    def memory_and_disk_agree(self) -> None:
        assert {row.id: row.status for row in self.unfinished()} == {live.id: live.status for live in self.desk.live.values()}

    def log(self) -> list[tlog.Entry]:
        entries = self.database.read_now(read_events)
        tlog.verify(entries)
        return entries


Interleavings.TestCase.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TestInterleavings = pytest.mark.timeout(300)(Interleavings.TestCase)
