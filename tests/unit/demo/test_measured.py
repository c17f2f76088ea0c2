"""The demo's closing line: what could be read of the payment, and that it is measured only where there was something to read."""

from __future__ import annotations

import pytest
from stdnum import luhn

from broker.core.card_number import Pan
from broker.demo.measured import NotMeasuredError, readable
from broker.demo.plan import Plan
from broker.demo.shops.kinds import Kind
from broker.demo.witness import Reading


def number_of(middle: str) -> str:
    return next(n for digit in range(10) if luhn.is_valid(n := f"424242{middle}{digit}4242"))


NUMBER, STAND_IN = number_of("01739"), number_of("99480")
SURROGATE, DIRECT = Plan(Kind.JSON, "surrogate"), Plan(Kind.JSON, "direct")
ANSWER = ["200 https://json-shop.localhost:1/orders/1 {} card ending 4242"]


def form(number: str) -> Reading:
    return Reading(f"{number[:4]} {number[4:8]} {number[8:12]} {number[12:]}\n12/29\n123")


def sent(number: str, to: str = "https://json-pay.localhost:1/v1/tokens") -> Reading:
    return Reading("Paid, card ending 4242", sent=[f'POST {to} {{}} {{"number": "{number}"}}'], answers=ANSWER)


def measured(before: Reading, after: Reading, plan: Plan) -> bool:
    return readable(Pan(NUMBER), before, after, plan)


def test_in_surrogate_mode_a_reader_that_saw_the_stand_in_go_out_found_no_number() -> None:
    assert not measured(form(STAND_IN), sent(STAND_IN), SURROGATE)


def test_in_direct_mode_it_found_the_number() -> None:
    assert measured(form(NUMBER), sent(NUMBER), DIRECT)


@pytest.mark.parametrize("where", ["page", "sent", "answers", "others"])
def test_a_number_anywhere_is_found(where: str) -> None:
    seen = sent(STAND_IN)
    parts = {"page": seen.page, "sent": seen.sent, "answers": seen.answers, "others": seen.others}
    parts[where] = seen.page + NUMBER if where == "page" else [*parts[where], f"x {NUMBER} y"]
    assert measured(form(STAND_IN), Reading(**parts), SURROGATE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (Reading(""), sent(STAND_IN), "no card number"),
        (Reading("4242"), sent(STAND_IN), "no card number"),
        (form(STAND_IN), Reading("Paid", answers=ANSWER), "no request"),
        (form(STAND_IN), sent("4111111111111111"), "no request"),
        (form(STAND_IN), Reading("Paid", sent=sent(STAND_IN).sent), "no answer"),
        (form(STAND_IN), Reading("Paid", sent=sent(STAND_IN).sent, answers=["200 https://shop {} an answer"]), "no answer"),
    ],
)
def test_a_reader_that_did_not_see_what_was_there_has_measured_nothing(before: Reading, after: Reading, why: str) -> None:
    with pytest.raises(NotMeasuredError, match=why):
        measured(before, after, SURROGATE)


def test_where_the_page_encrypts_the_request_to_the_processor_is_what_was_there() -> None:
    plan, pay = Plan(Kind.ENCRYPTING, "surrogate"), "https://encrypting-pay.localhost:1/v1/encrypted"
    assert plan.mode == "direct"
    assert measured(form(NUMBER), sent("ciphertext", pay), plan)
    with pytest.raises(NotMeasuredError, match="no request"):
        measured(form(NUMBER), sent("ciphertext"), plan)


def test_shops_whose_page_tells_the_registry_nothing_are_taught_first() -> None:
    taught = {kind for kind in Kind if Plan(kind, "surrogate").lesson}
    assert taught == {Kind.FORM, Kind.JSON, Kind.GRAPHQL, Kind.MULTIPART, Kind.WORKER}
    assert not any(Plan(kind, "direct").lesson for kind in Kind)
