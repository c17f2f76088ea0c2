"""Random interleavings of agents, browsers, LedgerOS, the egress and time: what must hold holds after every step.

At most one redeem a token, and one at a time on an intent; nothing delivered without an approval, or to
another browser, or twice for one token, or after the agent took it back; one unfinished release a card;
no window left open of which nothing came; one end per release, and no state without its event. In surrogate mode
nothing is delivered that the egress does not hold, and after a payment went out no release ends as if
none had.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from broker import tlog
from broker.audit import metadata, read_events
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory
from broker.protocol.agent_api import CreateRelease, GiveToken
from broker.protocol.channel import Approve, Deliver, DeliverSurrogate, Deny, Offer, Ready, Result, Stop
from broker.protocol.decision import Mode, SignedDecision
from broker.protocol.denial import Said, SignedDenial
from broker.protocol.egress import EgressOutcome, Send
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases import Releases, ReleaseStore, Reporter
from broker.releases.endings import nothing_left
from broker.releases.limits import ReleaseLimits
from broker.releases.live import Live
from broker.releases.tables import releases, signed_denials
from broker.storage import Database
from tests.unit.releases.world import HEALTH, ORIGIN, Browsers, Clock, Egress, Ledger, decide, say_no

DEVICES = ("dev_a", "dev_b")
PICK = st.sampled_from([0, 0, 0, 1, 2])
"""Which offer a step is about, counted from the newest."""


class Interleavings(RuleBasedStateMachine):
    """One broker's releases, driven at random."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.taken_back: set[str] = set()
        self.seen: dict[str, Live] = {}
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.ledger, self.browsers, self.egress = Ledger(self.clock), Browsers(), Egress()
        self.database = Database(Path(self.folder.name) / "broker.db", metadata, 1)
        store = ReleaseStore(self.database, self.clock)
        self.releases = Releases(
            store=store, issuer=self.ledger, courier=self.browsers, egress=self.egress,
            reporter=Reporter(store, self.ledger), clock=self.clock, ids=IdFactory(self.clock), broker_id="brk_1",
            limits=ReleaseLimits(page_first_ms=0),
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
            await self.desk.reporter.drained()
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
        self.run(self._answers(answer))

    async def _answers(self, answer: str) -> None:
        for gate in self.ledger.waiting:
            if not gate.done():
                gate.set_result(answer)

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

    @rule(card=st.sampled_from(["card_1", "card_2", "card_3", "card_4"]))
    def ask_on_an_intent(self, card: str) -> None:
        intent_id = f"int_{secrets.token_hex(6)}"
        self.ledger.cards[intent_id] = card
        self.asked += 1
        request = CreateRelease(intent_id=intent_id, origin=ORIGIN)
        self.run(self.releases.request(f"agt_{self.asked % 7}", request))

    @rule(card=st.sampled_from(["card_1", "card_2", "card_3", "card_4"]), answer=st.sampled_from(["sealed", "sealed", "refused"]))
    def ask_on_an_intent_and_pay(self, card: str, answer: str) -> None:
        """The ordinary way, approval first."""
        before = len(self.browsers.offers())
        self.ask_on_an_intent(card)
        if len(self.browsers.offers()) > before:
            self.approve(0)
            self.give_tokens(0, 2)
            self.run_answers(answer)

    @precondition(lambda self: self.desk.live)
    @rule(pick=PICK, count=st.sampled_from([1, 2]))
    def give_tokens(self, pick: int, count: int) -> None:
        """At most one is taken, even when two come at the same moment."""
        live = list(self.desk.live.values())[-1 - pick % len(self.desk.live)]
        taken = [outcome for outcome in self.run(self._give(live.id, live.agent_id, count)) if not isinstance(outcome, LedgerError)]
        assert len(taken) <= 1

    async def _give(self, release_id: str, agent: str, count: int) -> list[Any]:
        given = [GiveToken(details_token="tok_" + secrets.token_urlsafe(32)) for _ in range(count)]
        work = [self.releases.give_token(agent, release_id, token) for token in given]
        return await asyncio.gather(*work, return_exceptions=True)

    @precondition(lambda self: self.desk.live)
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        live = list(self.desk.live.values())[-1 - pick % len(self.desk.live)]
        self._withdrawn([live.id], self.run(self._all(self.releases.withdraw(live.agent_id, live.id))))

    @precondition(lambda self: self.browsers.offers())
    @rule(pick=PICK)
    def approve_and_withdraw_at_once(self, pick: int) -> None:
        """The person and the agent at the same moment: whoever is first, it is taken back."""
        device, offer = self.picked(pick)
        live = self.desk.live.get(offer.release_id)
        if live is None or live.status != "pending":
            return
        said = self.releases.browser_said(device, Approve(release_id=offer.release_id, signed=self.decide(offer)))
        outcomes = self.run(self._all(said, self.releases.withdraw(live.agent_id, live.id)))
        self.run_answers("sealed")  # the same walk goes on, whether or not a redeem had begun
        self._withdrawn([live.id], outcomes[1:])

    async def _all(self, *work: Any) -> list[Any]:
        return await asyncio.gather(*work, return_exceptions=True)

    def _withdrawn(self, releases_: list[str], outcomes: list[Any]) -> None:
        for release_id, outcome in zip(releases_, outcomes, strict=True):
            if isinstance(outcome, LedgerError):
                assert (outcome.status, outcome.code) == (409, "too_late")
            else:
                assert outcome.outcome == "withdrawn"
                self.taken_back.add(release_id)
                assert not self._delivered(release_id), "what was delivered is not taken back"

    def _delivered(self, release_id: str) -> bool:
        """Whether the card of a release is in a browser, under a token that did not come to nothing."""
        live = [entry.name for entry in self.log() if entry.facts.get("releaseId") == release_id]
        return live.count("broker:credentials:delivered") > live.count("extension:release:failed")

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
            self.stop(0, signed=True)
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
    @rule(pick=PICK, device=st.sampled_from(DEVICES), signed=st.booleans())
    def deny(self, pick: int, device: str, signed: bool) -> None:
        _, offer = self.picked(pick)
        no = self.no(offer, "denied") if signed else None
        self.run(self.releases.browser_said(device, Deny(release_id=offer.release_id, signed=no)))

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
    @rule(pick=PICK, signed=st.booleans())
    def stop(self, pick: int, signed: bool) -> None:
        device, offer = self.picked(pick)
        self.run(
            self.releases.browser_said(device, Stop(release_id=offer.release_id, signed=self.no(offer, "stopped") if signed else None))
        )

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
        return decide(offer, live.facts if live else None, self.clock, card, mode)

    def no(self, offer: Offer, said: Said) -> SignedDenial:
        live = self.desk.live.get(offer.release_id)
        return say_no(offer, live.facts if live else None, self.clock, said)

    # -- what must hold --------------------------------------------------------------------

    def denials(self) -> set[str]:
        return set(self.database.read_now(lambda connection: connection.execute(select(signed_denials.c.release_id)).scalars().all()))

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
        redeemed = Counter(entry.facts["releaseId"] for entry in self.log() if entry.name == "issuer:token:redeemed")
        assert all(times <= redeemed[release_id] for (release_id, _), times in Counter(delivered).items())

    @invariant()
    def what_was_taken_back_ended_so(self) -> None:
        assert {row.outcome for row in self.rows() if row.id in self.taken_back} <= {"withdrawn"}

    @invariant()
    def a_window_of_which_nothing_came_is_closed(self) -> None:
        log, closed = self.log(), set(self.ledger.closed)
        handed = {message.release_id for _, message in self.browsers.sent if isinstance(message, Deliver)}
        for row in self.rows():
            spent = [entry.facts["accessEventId"] for entry in log if _is_redeem_of(entry, row.id)]
            over = row.outcome is not None and nothing_left(Outcome(row.outcome), may_hold_card=row.id in handed)
            assert set(spent if over else spent[:-1]) <= closed
            if over is False and row.status == "finished":
                assert not set(spent[-1:]) & closed

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
                assert 1 <= names["issuer:token:redeemed", row.id] <= (1 if row.intent_id is None else 3)
            if row.outcome == "filled":
                assert names["broker:credentials:delivered", row.id] >= names["extension:release:filled", row.id] == 1
            if row.outcome == "stopped":
                stops = names["person:release:stopped", row.id] + names["extension:release:stopped", row.id]
                assert names["person:release:approved", row.id] == stops == 1
            if row.outcome == "withdrawn":
                assert names["agent:release:withdrawn", row.id] == 1
            if row.outcome == "denied":
                assert names["person:release:denied", row.id] + names["extension:release:denied", row.id] == 1
            if row.outcome in ("denied", "stopped"):
                assert (row.id in self.denials()) == (names[f"person:release:{row.outcome}", row.id] == 1), "kept with its event"

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


def _is_redeem_of(entry: tlog.Entry, release_id: str) -> bool:
    return entry.name == "issuer:token:redeemed" and entry.facts["releaseId"] == release_id


Interleavings.TestCase.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TestInterleavings = pytest.mark.timeout(300)(Interleavings.TestCase)
