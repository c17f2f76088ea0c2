"""Random interleavings against the real LedgerOS: what must hold holds after every step.

At most one redeem a token; nothing delivered without a valid decision; no authorisation outside its
window, at most one in it; no state without its event; the chain verifies. The in-process LedgerOS
has real SQLite files; only its clock is the test's.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from broker.core.canonical import b64u
from broker.issuer.auth import Actor
from broker.issuer.brokers.services import revoke_now
from broker.issuer.details.tables import access_events
from broker.issuer.events.services import verify_chain
from broker.issuer.redeem.tables import decisions
from broker.issuer.transactions.tables import transactions, windows
from broker.protocol.decision import Decision, SignedDecision
from broker.protocol.sealing import Credentials
from tests.api.issuer.harness import World, running_world
from tests.api.issuer.parties import Device
from tests.api.issuer.serving import Reply

PICK = st.sampled_from([0, 0, 0, 1, 2])
"""Which token, decision or number a step is about, counted from the newest."""

FORGERIES = ("honest", "honest", "honest", "no passkey", "altered after", "own key", "other card", "more money", "stale", "surrogate")
EVENTS = {"consumed": "broker:token:redeemed", "granted": "agent:details:granted", "denied": "broker:release:reported"}


@dataclass
class Token:
    """A token as the hostile world holds it."""

    text: str
    card: str
    facts: str | None = None
    decisions: list[tuple[SignedDecision, bool]] = field(default_factory=list)
    redeemed: int = 0


class Interleavings(RuleBasedStateMachine):
    """One organisation's cards, driven at random."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.opened = AsyncExitStack()
        self.world: World = self.runner.run(self._open())
        self.cards = [self.run(self.world.new_card()), self.run(self.world.new_card(type="single", maxAmount=10_000))]
        self.tokens: list[Token] = []
        self.numbers: list[Credentials] = []
        self.delivered: Counter[str] = Counter()
        self.revoked = False

    async def _open(self) -> World:
        return await self.opened.enter_async_context(running_world(Path(self.folder.name)))

    def teardown(self) -> None:
        self.run(self.opened.aclose())
        self.runner.close()
        self.folder.cleanup()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    # What people, agents, brokers and thieves do ------------------------------------------

    @rule(which=st.integers(0, 1))
    def mint(self, which: int) -> None:
        reply: Reply = self.run(self.world.details(self.cards[which]))
        if reply.status == 200:
            self.tokens.insert(0, Token(reply.body["detailsToken"], self.cards[which]))

    @precondition(lambda self: self.tokens)
    @rule(pick=PICK)
    def introspect(self, pick: int) -> None:
        token = self._token(pick)
        reply: Reply = self.run(self.world.broker.introspect(token.text))
        if reply.status == 200 and reply.body["active"]:
            token.facts = reply.body["facts"]

    @precondition(lambda self: any(token.facts for token in self.tokens))
    @rule(pick=PICK, how=st.sampled_from(FORGERIES))
    def approve(self, pick: int, how: str) -> None:
        known = [token for token in self.tokens if token.facts]
        token = known[pick % len(known)]
        assert token.facts is not None
        decision = self.world.device.decision(token.facts, self.world.clock.now_ms())
        token.decisions.insert(0, (self._signed(decision, how), how == "honest"))

    def _signed(self, decision: Decision, how: str) -> SignedDecision:
        device = self.world.device
        changes: dict[str, Any] = {
            "other card": {"cardId": next(card for card in self.cards if card != decision.card_id)},
            "more money": {"maxAmount": 1_000_000},
            "stale": {"decidedAt": decision.decided_at - 600_000},
            "surrogate": {"mode": "surrogate"},
        }.get(how, {})
        meant = Decision.model_validate({**decision.wire(), **changes})
        if how == "own key":
            return Device(id=device.id).sign(meant)
        signed = device.sign(meant, passkey=how != "no passkey")
        if how == "altered after":
            return signed.model_copy(update={"decision": Decision.model_validate({**meant.wire(), "nonce": b64u(secrets.token_bytes(16))})})
        return signed

    @precondition(lambda self: any(token.decisions for token in self.tokens))
    @rule(pick=PICK, which=PICK)
    def redeem(self, pick: int, which: int) -> None:
        decided = [token for token in self.tokens if token.decisions]
        token = decided[pick % len(decided)]
        self._redeem(token, *token.decisions[which % len(token.decisions)])

    @precondition(lambda self: len(self.tokens) > 1 and any(token.decisions for token in self.tokens))
    @rule(pick=PICK, onto=PICK)
    def swap(self, pick: int, onto: int) -> None:
        """A decision presented with another token than its own."""
        decided = [token for token in self.tokens if token.decisions]
        source, target = decided[pick % len(decided)], self._token(onto)
        self._redeem(target, source.decisions[0][0], source is target and source.decisions[0][1])

    @precondition(lambda self: any(token.decisions for token in self.tokens))
    @rule(pick=PICK)
    def race(self, pick: int) -> None:
        decided = [token for token in self.tokens if token.decisions]
        token = decided[pick % len(decided)]
        signed, honest = token.decisions[0]

        async def both() -> list[Reply]:
            return list(await asyncio.gather(*(self.world.broker.redeem(token.text, signed) for _ in range(2))))

        for reply in self.run(both()):
            self._count(token, reply, signed, honest=honest)

    @precondition(lambda self: self.numbers)
    @rule(pick=PICK, amount=st.sampled_from([1, 5_000, 5_100, 5_101, 50_000]), elsewhere=st.booleans())
    def authorise(self, pick: int, amount: int, elsewhere: bool) -> None:
        merchant = {"name": "Other", "id": "shop-2", "origin": "https://other.example"}
        changes: dict[str, Any] = {"merchant": merchant} if elsewhere else {}
        card = self.numbers[pick % len(self.numbers)]
        reply: Reply = self.run(self.world.authorise(card, amount, **changes))
        assert reply.status == 200
        if elsewhere or amount > 5_100:
            assert reply.body["status"] == "declined", "another shop, or above what was approved"

    @rule(seconds=st.sampled_from([1, 30, 119, 121, 800]))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule(which=st.integers(0, 1), verb=st.sampled_from(["freeze", "unfreeze"]))
    def freeze(self, which: int, verb: str) -> None:
        self.run(self.world.call("POST", f"/v1/cards/{self.cards[which]}/{verb}"))

    @precondition(lambda self: self.tokens)
    @rule(pick=PICK, outcome=st.sampled_from(["denied", "withdrawn", "stopped"]))
    def end(self, pick: int, outcome: str) -> None:
        self.run(self._report(self._token(pick), outcome))

    @precondition(lambda self: any(token.decisions for token in self.tokens))
    @rule(pick=PICK)
    def redeem_as_the_agent_withdraws(self, pick: int) -> None:
        """Whichever comes first, no window is left that a charge could use."""
        decided = [token for token in self.tokens if token.decisions]
        token = decided[pick % len(decided)]
        signed, honest = token.decisions[0]

        async def both() -> Reply:
            reply, _ = await asyncio.gather(self.world.broker.redeem(token.text, signed), self._report(token, "withdrawn"))
            return reply

        self._count(token, self.run(both()), signed, honest=honest)
        event = self.run(self.world.access_event(token.text))
        assert event["status"] != "granted"
        left = [row for row in self._rows(windows) if row.access_event_id == event["id"] and row.closed_at is None]
        assert all(row.consumed_at is not None for row in left)

    async def _report(self, token: Token, outcome: str) -> None:
        event = await self.world.access_event(token.text)
        body = {"releaseId": f"rel_{outcome}" + secrets.token_hex(4), "accessEventId": event["id"], "outcome": outcome, "fields": []}
        await self.world.broker.post("outcomes", body)

    @precondition(lambda self: not self.revoked and len(self.tokens) > 3)
    @rule()
    def revoke_the_browser(self) -> None:
        now, device = self.world.clock.now_ms(), self.world.device.id
        write = self.world.issuer.context.db.write
        self.run(write(lambda tx: revoke_now(tx, Actor("person", "x"), "device", device, now)))
        self.revoked = True

    def _token(self, pick: int) -> Token:
        return self.tokens[pick % len(self.tokens)]

    def _redeem(self, token: Token, signed: SignedDecision, honest: bool) -> None:
        self._count(token, self.run(self.world.broker.redeem(token.text, signed)), signed, honest=honest)

    def _count(self, token: Token, reply: Reply, signed: SignedDecision, *, honest: bool) -> None:
        if reply.status != 200:
            assert "sealed" not in reply.body
            return
        assert honest, "nothing is delivered without a valid decision"
        assert not self.revoked, "nor to a revoked browser"
        token.redeemed += 1
        self.delivered[signed.decision.digest().hex()] += 1
        self.numbers.insert(0, self.world.device.open(reply.body, signed.decision))

    # What must hold -----------------------------------------------------------------------

    def _rows(self, table: Any) -> list[Any]:
        return list(self.world.issuer.context.db.read_now(lambda c: c.execute(select(table)).all()))

    @invariant()
    def a_token_redeems_at_most_once(self) -> None:
        assert all(token.redeemed <= 1 for token in self.tokens)
        assert all(times == 1 for times in self.delivered.values())

    @invariant()
    def every_delivery_has_its_decision_its_window_and_its_events(self) -> None:
        consumed = {row.id for row in self._rows(access_events) if row.status == "consumed"}
        assert len(consumed) == sum(token.redeemed for token in self.tokens)
        assert {row.access_event_id for row in self._rows(decisions)} == consumed
        assert sorted(row.access_event_id for row in self._rows(windows)) == sorted(consumed)
        names = Counter(self.world.issuer.names())
        assert names["broker:token:redeemed"] == names["person:release:approved"] == len(consumed)

    @invariant()
    def an_authorisation_lies_in_its_window_and_alone(self) -> None:
        opened = {row.id: row for row in self._rows(windows)}
        approved = [row for row in self._rows(transactions) if row.status != "declined"]
        assert max(Counter(row.window_id for row in approved).values(), default=1) == 1
        for row in approved:
            window = opened[row.window_id]
            assert window.opened_at <= row.created_at < window.expires_at
            assert (row.card_id, row.currency) == (window.card_id, window.currency)
            assert row.amount <= window.max_amount
            assert window.consumed_at == row.created_at

    @invariant()
    def every_state_has_its_event_and_the_chain_holds(self) -> None:
        events = self.world.issuer.events()
        said = {(name, facts.get("accessEvent")) for name, facts in events}
        for row in self._rows(access_events):
            if row.status in EVENTS:
                assert ("agent:details:granted", row.id) in said or row.status == "denied"
                assert (EVENTS[row.status], row.id) in said or ("agent:details:denied", row.id) in said
        charged = [facts["transaction"] for name, facts in events if name.startswith("network:transaction:")]
        assert sorted(charged) == sorted(row.id for row in self._rows(transactions))
        assert self.world.issuer.context.db.read_now(verify_chain) == (len(events), None)


@pytest.mark.timeout(240)
def test_no_interleaving_breaks_what_must_hold() -> None:
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=6, stateful_step_count=30, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.timeout(120)
def test_the_machine_itself_reaches_a_purchase_and_a_refusal() -> None:
    """Its steps are not idle: by hand they go all the way, and its invariants hold meanwhile."""
    machine = Interleavings()
    try:
        machine.mint(0)
        machine.introspect(0)
        machine.approve(0, "no passkey")
        machine.redeem(0, 0)
        assert machine.numbers == []
        machine.approve(0, "honest")
        machine.redeem(0, 0)
        machine.race(0)
        assert len(machine.numbers) == 1
        machine.authorise(0, 5_000, elsewhere=False)
        machine.authorise(0, 5_000, elsewhere=False)
        states = [row.status for row in machine._rows(transactions)]
        assert states == ["pending", "declined"]
        for name in ("a_token_redeems_at_most_once", "every_delivery_has_its_decision_its_window_and_its_events"):
            getattr(machine, name)()
        machine.an_authorisation_lies_in_its_window_and_alone()
        machine.every_state_has_its_event_and_the_chain_holds()
        # The invariants see a fault where there is one.
        machine.tokens[0].redeemed += 1
        with pytest.raises(AssertionError):
            machine.a_token_redeems_at_most_once()
        with pytest.raises(AssertionError):
            machine.every_delivery_has_its_decision_its_window_and_its_events()
    finally:
        machine.teardown()
