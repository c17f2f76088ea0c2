"""Whether the agent could read the number, and whether that was measured at all.

A reader that reads nothing finds no number either. So it must have found what is certainly there: a card number in the form,
that number in a request that went out, and the shop's answer to it.
"""

from __future__ import annotations

import re

from stdnum import luhn

from broker.core.card_number import Pan
from broker.demo.evidence import NumberSearch
from broker.demo.plan import Plan
from broker.demo.shops.kinds import Kind
from broker.demo.witness import Reading


class NotMeasuredError(Exception):
    """The reader did not see what was certainly there; the message says what, and nothing is known."""


_NUMBERS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def readable(number: Pan, before: Reading, after: Reading, plan: Plan) -> bool:
    """Whether `number` is in what was read of the filled form (`before`) or of the payment (`after`).

    Raises `NotMeasuredError` when the controls fail.
    """
    _controls(number.reveal()[-4:], before, after, plan)
    return any(NumberSearch(number).finds_in(reading.text.encode()) for reading in (before, after))


def _controls(last4: str, before: Reading, after: Reading, plan: Plan) -> None:
    typed = _number_in(before.page, last4)
    if typed is None:
        raise NotMeasuredError("its reading of the filled form holds no card number")
    if plan.kind is Kind.ENCRYPTING:  # what goes out shows no number, whose ever it is
        paid = [request for request in after.sent if f"//{plan.kind.pay_host}:" in request]
    else:
        paid = [request for request in after.sent if NumberSearch(Pan(typed)).finds_in(request.encode())]
    if not paid:
        raise NotMeasuredError("it recorded no request in which the form's number went out")
    if not any(last4 in answer for answer in after.answers):
        raise NotMeasuredError("it recorded no answer of the shop to the payment")


def _number_in(page: str, last4: str) -> str | None:
    """The card number in the form, the real one or its stand-in."""
    found = (re.sub(r"[ -]", "", match[0]) for match in _NUMBERS.finditer(page))
    return next((digits for digits in found if digits.endswith(last4) and luhn.is_valid(digits)), None)
