"""One organisation's cards, driven at random by everybody at once; the laws are asked after every step."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broker.issuer.auth import Actor
from broker.issuer.brokers.services import revoke_now
from broker.issuer.events.services import verify_chain
from tests.adversary.interleavings.hands import MERCHANTS, Hands
from tests.adversary.interleavings.held import FORGERIES, HONEST, Approval, Intent, Token, approve
from tests.adversary.interleavings.purchases import AFTERWARDS, TELLING, Purchase, buy
from tests.api.issuer.serving import Reply

T = TypeVar("T")

PICK = st.sampled_from([0, 0, 0, 1, 2])
"""Which token, intent, decision or number a step is about, counted from the newest."""
CARD = st.sampled_from([0, 0, 1, 1, 2])
BROKER = st.sampled_from([0, 0, 0, 0, 1])
REASON = st.sampled_from(["one-time", "one-time", "subscription", "preauth"])
HOW = st.sampled_from([*HONEST, *HONEST, *FORGERIES])
OUTCOME = st.sampled_from(
    ["filled", "page_changed", "page_changed", "denied", "stopped", "withdrawn", "swap_not_seen", "issuer_unavailable", "interrupted"]
)
AMOUNT = st.sampled_from([1, 5_000, 5_000, 5_100, 5_101, 50_000])
WHERE = st.sampled_from(["at the shop", "at the shop", *MERCHANTS])
PURCHASE = st.sampled_from(TELLING) | st.builds(
    Purchase, card=CARD, reason=REASON, how=HOW, approval_first=st.booleans(), by=BROKER,
    then=st.lists(st.sampled_from([*AFTERWARDS, "charge", "charge again"]), min_size=1, max_size=6),
)  # fmt: skip


def picked(held: list[T], pick: int) -> T:
    return held[pick % len(held)]


class Interleavings(RuleBasedStateMachine):
    """`reached` counts, over all walks of a class, what really happened in them."""

    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()

    def teardown(self) -> None:
        type(self).reached.update(self.hands.reached + self.hands.laws.told.reached)
        _, broken = self.hands.world.issuer.context.db.read_now(verify_chain)
        self.hands.close()
        assert broken is None, "each step looked at what was new; this is the whole chain"

    # Agents -------------------------------------------------------------------------------

    @rule(which=CARD, reason=REASON)
    def mint(self, which: int, reason: str) -> None:
        self.hands.mint(which, reason)

    @rule(which=CARD, reason=REASON)
    def intend(self, which: int, reason: str) -> None:
        self.hands.intend(which, reason)

    @precondition(lambda self: self.hands.intents)
    @rule(pick=PICK, reason=st.sampled_from([None, None, None, "one-time", "subscription"]))
    def mint_of_an_intent(self, pick: int, reason: str | None) -> None:
        self.hands.mint_of(picked(self.hands.intents, pick), reason)

    # Brokers, browsers and rules ----------------------------------------------------------

    def undecided(self) -> list[Token | Intent]:
        """What a decision is about: tokens of no intent, and intents."""
        return [*(token for token in self.hands.tokens if token.intent is None), *self.hands.intents]

    def decided(self) -> list[Token]:
        return [token for token in self.hands.tokens if token.approvals]

    @precondition(lambda self: self.undecided())
    @rule(pick=PICK, by=BROKER)
    def introspect(self, pick: int, by: int) -> None:
        self.hands.introspect(picked(self.undecided(), pick), by)

    @precondition(lambda self: any(held.facts for held in self.undecided()))
    @rule(pick=PICK, how=HOW)
    def decide(self, pick: int, how: str) -> None:
        held = picked([held for held in self.undecided() if held.facts], pick)
        assert held.facts is not None
        held.approvals.insert(0, approve(self.hands.parties, held.facts, how))

    @precondition(lambda self: self.decided())
    @rule(pick=PICK, which=PICK, other=st.sampled_from([False, False, False, True]))
    def redeem(self, pick: int, which: int, other: bool) -> None:
        token = picked(self.decided(), pick)
        approval = picked(token.approvals, which)
        self.hands.redeem(token, approval, self.hands.broker_of(approval, other=other))

    @precondition(lambda self: len(self.hands.tokens) > 1 and self.decided())
    @rule(pick=PICK, onto=PICK)
    def swap(self, pick: int, onto: int) -> None:
        """A decision presented with another token than its own."""
        approval, target = picked(self.decided(), pick).approvals[0], picked(self.hands.tokens, onto)
        meant = any(approval is known for known in target.approvals)
        self.hands.redeem(target, Approval(approval.signed, approval.honest and meant, approval.opens))

    @precondition(lambda self: self.decided())
    @rule(pick=PICK)
    def race(self, pick: int) -> None:
        token = picked(self.decided(), pick)
        approval, broker = token.approvals[0], self.hands.broker_of(token.approvals[0])

        async def both() -> list[Reply]:
            return list(await asyncio.gather(*(broker.redeem(token.text, approval.signed) for _ in range(2))))

        for reply in self.hands.run(both()):
            self.hands.released(token, reply, approval, broker)

    @precondition(lambda self: self.decided())
    @rule(pick=PICK)
    def redeem_as_the_agent_withdraws(self, pick: int) -> None:
        """Whichever comes first, no window is left that a charge could use."""
        hands, token = self.hands, picked(self.decided(), pick)
        approval, broker = token.approvals[0], hands.broker_of(token.approvals[0])

        async def both() -> Reply:
            redeem = broker.redeem(token.text, approval.signed)
            reply, _ = await asyncio.gather(redeem, hands.report(token, "withdrawn", "intent", broker))
            return reply

        hands.released(token, hands.run(both()), approval, broker)
        hands.look()
        assert not token.redeemed or hands.laws.told.windows["win_" + token.event.partition("_")[2]] != "open"

    # The ordinary ways, so that a walk gets far often ------------------------------------

    @initialize(purchases=st.lists(PURCHASE, min_size=3, max_size=6))
    def begin(self, purchases: list[Purchase]) -> None:
        """No walk starts on empty ground."""
        for purchase in purchases:
            buy(self.hands, purchase)
            self.the_laws_hold()

    @rule(purchase=PURCHASE)
    def buy(self, purchase: Purchase) -> None:
        buy(self.hands, purchase)

    # Shops --------------------------------------------------------------------------------

    @precondition(lambda self: self.hands.numbers)
    @rule(pick=PICK, amount=AMOUNT, where=WHERE)
    def charge(self, pick: int, amount: int, where: str) -> None:
        self.hands.charge(picked(self.hands.numbers, pick), amount, where)

    @precondition(lambda self: any(number.charge for number in self.hands.numbers))
    @rule(pick=PICK, amount=AMOUNT, where=WHERE)
    def charge_again(self, pick: int, amount: int, where: str) -> None:
        """A later charge that names the first one."""
        number = picked([number for number in self.hands.numbers if number.charge], pick)
        self.hands.charge(number, amount, where, number.charge)

    # People, back ends and time -----------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 30, 119, 121, 800]))
    def wait(self, seconds: int) -> None:
        self.hands.world.clock.advance(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        self.hands.sweep()

    @rule(which=CARD, verb=st.sampled_from(["freeze", "unfreeze", "unfreeze"]))
    def freeze(self, which: int, verb: str) -> None:
        self.hands.run(self.hands.world.call("POST", f"/v1/cards/{self.hands.cards[which]}/{verb}"))

    @rule(which=CARD, strict=st.booleans())
    def relax(self, which: int, strict: bool) -> None:
        """A back end lets shops pass that name no site, or no longer."""
        self.hands.relax(self.hands.cards[which], strict=strict)

    @precondition(lambda self: self.hands.intents)
    @rule(pick=PICK, verb=st.sampled_from(["approve", "approve", "reject", "cancel"]))
    def decide_by_api(self, pick: int, verb: str) -> None:
        intent = picked(self.hands.intents, pick)
        self.hands.run(self.hands.world.call("POST", f"/v1/intents/{intent.id}/{verb}", {}))

    @precondition(lambda self: not self.hands.revoked and len(self.hands.numbers) > 6)
    @rule()
    def revoke_the_browser(self) -> None:
        world = self.hands.world
        now, device = world.clock.now_ms(), world.device.id
        self.hands.run(world.issuer.context.db.write(lambda tx: revoke_now(tx, Actor("person", "x"), "device", device, now)))
        self.hands.revoked = True

    # What brokers say afterwards ----------------------------------------------------------

    @precondition(lambda self: self.hands.tokens)
    @rule(pick=PICK, outcome=OUTCOME, names=st.sampled_from(["token", "both", "intent"]), by=BROKER, of_another=st.booleans())
    def report(self, pick: int, outcome: str, names: str, by: int, of_another: bool) -> None:
        token, broker = picked(self.hands.tokens, pick), self.hands.parties.brokers[by]
        self.hands.run(self.hands.report(token, outcome, names, broker, of_another=of_another))

    @precondition(lambda self: any(token.redeemed for token in self.hands.tokens))
    @rule(pick=PICK, by_release=st.booleans(), by=BROKER)
    def close_a_window(self, pick: int, by_release: bool, by: int) -> None:
        token = picked([token for token in self.hands.tokens if token.redeemed], pick)
        self.hands.close_window(token, by, by_release=by_release)

    @invariant()
    def the_laws_hold(self) -> None:
        self.hands.obey()
