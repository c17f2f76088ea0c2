"""A card number never shows itself, whatever a careless line of code does with it."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from stdnum import luhn

from broker.core.card_number import Cvv, Pan, passes_luhn

NUMBER = "4242424242424242"


class Holder(BaseModel):
    pan: Pan
    cvv: Cvv


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, "%s".__mod__, lambda p: f"{p:>20}"])
def test_no_way_of_printing_gives_the_digits(show) -> None:
    assert NUMBER not in show(Pan(NUMBER))
    assert "4242" in show(Pan(NUMBER))
    assert "123" not in show(Cvv("123"))


def test_models_give_a_mask_in_every_export() -> None:
    holder = Holder(pan=NUMBER, cvv="123")
    for text in (repr(holder), str(holder.model_dump()), holder.model_dump_json()):
        assert NUMBER not in text
        assert "123" not in text


def test_validation_errors_do_not_echo_the_input() -> None:
    wrong = "4242424242424241"
    with pytest.raises(ValidationError) as caught:
        Holder(pan=wrong, cvv="12a")
    assert wrong not in json.dumps(caught.value.errors(include_input=False, include_context=False))
    with pytest.raises(ValueError) as direct:
        Pan(wrong)
    assert wrong not in "".join(traceback.format_exception_only(direct.value))


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_copied_to_places_nobody_watches(take) -> None:
    with pytest.raises(TypeError):
        take(Pan(NUMBER))


def test_it_is_immutable_and_has_no_dict() -> None:
    pan = Pan(NUMBER)
    with pytest.raises(AttributeError):
        pan.other = 1
    with pytest.raises(AttributeError):
        pan._digits = "1"
    assert not hasattr(pan, "__dict__")


@pytest.mark.parametrize("text", ["", "4242", "4242424242424241", "4242 4242 4242 4242", "４２４２424242424242", "4" * 20])
def test_only_a_luhn_valid_number_of_the_right_length_is_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a valid card number"):
        Pan(text)


@given(st.text("0123456789", min_size=1, max_size=19))
def test_the_check_digit_is_the_one_of_iso_7812(digits: str) -> None:
    assert passes_luhn(digits) == luhn.is_valid(digits)
    assert passes_luhn(digits + luhn.calc_check_digit(digits))


def test_reveal_is_the_one_way() -> None:
    assert Pan(NUMBER).reveal() == NUMBER
    assert Pan(NUMBER).last4 == "4242"
    assert Pan(NUMBER) == Pan(NUMBER) != Pan("4000056655665556")
