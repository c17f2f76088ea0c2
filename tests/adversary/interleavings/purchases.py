"""A purchase the ordinary way, whoever comes first, and what may happen after it: charges, reports, closed windows, more tries, time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.adversary.interleavings.hands import Hands
from tests.adversary.interleavings.held import FORGERIES, Number, Token


@dataclass(frozen=True)
class Purchase:
    """On which card, for what, decided how (after a forgery by the person), asked by which broker; `then` names some of `AFTERWARDS`."""

    card: int
    reason: str
    how: str
    approval_first: bool
    by: int
    then: list[str]


def buy(hands: Hands, purchase: Purchase) -> None:
    """As far as LedgerOS lets it go."""
    intent = hands.intend(purchase.card, purchase.reason) if purchase.approval_first else None
    held = intent if purchase.approval_first else hands.mint(purchase.card, purchase.reason)
    if held is not None:
        hands.introspect(held, purchase.by)
    token = held if isinstance(held, Token) else None if intent is None else hands.mint_of(intent)
    if token is not None:
        hands.decide_and_redeem(token, purchase.how)
        if purchase.how in FORGERIES:
            hands.decide_and_redeem(token, "passkey")
    for what in purchase.then:
        if hands.tokens and hands.numbers:
            AFTERWARDS[what](hands, hands.tokens[0], hands.numbers[0])


Step = Callable[[Hands, Token, Number], None]


def _charged(where: str, amount: int = 5_000, *, again: bool = False) -> Step:
    def step(hands: Hands, token: Token, number: Number) -> None:
        hands.charge(number, amount, where, number.charge if again else None)

    return step


def _reported(outcome: str, names: str, *, by: int = 0, of_another: bool = False) -> Step:
    def step(hands: Hands, token: Token, number: Number) -> None:
        hands.run(hands.report(token, outcome, names, hands.parties.brokers[by], of_another=of_another))

    return step


def _closed(by: int = 0, *, by_release: bool = False) -> Step:
    def step(hands: Hands, token: Token, number: Number) -> None:
        if token.redeemed:
            hands.close_window(token, by, by_release=by_release)

    return step


def _try_again(hands: Hands, token: Token, number: Number) -> None:
    """Nothing reached the page, and the same decision spends another token of its intent."""
    if token.intent is None:
        return
    hands.run(hands.report(token, "page_changed", "both", hands.world.broker))
    another = hands.mint_of(token.intent)
    if another is not None and another.approvals:
        hands.redeem(another, another.approvals[0])


def _ask_for_more(hands: Hands, token: Token, number: Number) -> None:
    """The agent asks for a subscription after the approval, or for one charge where a subscription was approved."""
    if token.intent is not None:
        hands.mint_of(token.intent, "one-time" if token.reason == "subscription" else "subscription")


def _a_quarter_of_an_hour(hands: Hands, token: Token, number: Number) -> None:
    hands.world.clock.advance(seconds=900)
    hands.sweep()


def _relax(hands: Hands, token: Token, number: Number) -> None:
    hands.relax(number.card, strict=False)


AFTERWARDS: dict[str, Step] = {
    "charge": _charged("at the shop"), "charge again": _charged("at the shop", again=True),
    "charge too much": _charged("at the shop", 5_101), "charge unnamed": _charged("unnamed"),
    "charge elsewhere": _charged("elsewhere"), "charge under its name": _charged("under its name"),
    "charge again unnamed": _charged("unnamed", again=True), "charge again under its name": _charged("under its name", again=True),
    "filled": _reported("filled", "both"), "stopped": _reported("stopped", "both"), "withdrawn": _reported("withdrawn", "intent"),
    "stopped, says another": _reported("stopped", "both", by=1),
    "another release stopped": _reported("stopped", "both", of_another=True),
    "close": _closed(), "close by its release": _closed(by_release=True), "close, says another": _closed(by=1),
    "try again": _try_again, "ask for more": _ask_for_more, "a quarter of an hour": _a_quarter_of_an_hour, "relax": _relax,
}  # fmt: skip

TELLING = [
    Purchase(0, "subscription", "passkey", False, 0, ["charge", "charge again", "charge again unnamed"]),
    Purchase(1, "subscription", "egress", True, 0, ["charge", "charge again under its name", "a quarter of an hour", "charge again"]),
    Purchase(0, "one-time", "rule and egress", True, 0, ["ask for more", "try again", "try again", "charge", "charge again"]),
    Purchase(1, "one-time", "altered after", True, 0, ["charge", "filled", "stopped", "close by its release"]),
    Purchase(0, "one-time", "other reason", True, 0, ["filled", "try again", "charge"]),
    Purchase(1, "one-time", "no passkey", True, 0, ["stopped", "try again", "charge"]),
    Purchase(0, "one-time", "rule and egress", False, 0, ["try again"]),
    Purchase(1, "preauth", "rule", False, 0, ["charge unnamed", "relax", "charge unnamed", "charge"]),
    Purchase(0, "one-time", "passkey", False, 1, ["stopped", "charge", "stopped, says another", "charge"]),
    Purchase(1, "subscription", "rule", False, 0, ["a quarter of an hour", "charge"]),
]
"""Ways that go far, each in its own direction: chance seldom puts so many steps in their order."""
