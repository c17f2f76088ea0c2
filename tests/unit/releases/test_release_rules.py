"""What a browser may say when, and what an agent may claim."""

from __future__ import annotations

import pytest

from broker.core.errors import LedgerError
from broker.core.text import plain_text
from broker.issuer_client import IssuerRefusedError
from broker.protocol.agent_api import CreateRelease
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.claims import NO_PURPOSE, build_claimed, claimed_origin
from broker.releases.introspection import refusal
from broker.releases.states import AFTER_FILL, BEFORE_FILL, states_for_result
from tests.conformance.make_vectors import facts

TOKEN = "tok_" + "A" * 43


def test_only_a_browser_that_was_handed_something_may_claim_a_written_value() -> None:
    for mode in ("direct", "surrogate"):
        for outcome in AFTER_FILL[mode]:
            assert states_for_result(outcome, None) == ()
            assert states_for_result(outcome, mode) == ("filling",)


@pytest.mark.parametrize(
    "outcome",
    [Outcome.SUBMITTED, Outcome.CHALLENGE_REQUIRED, Outcome.BLOCKED_BY_MERCHANT, Outcome.MAY_HAVE_BEEN_CHARGED],
)
def test_only_the_egress_says_what_became_of_a_payment(outcome: Outcome) -> None:
    assert states_for_result(outcome, "direct") == states_for_result(outcome, "surrogate") == ()


def test_a_browser_that_can_pause_nothing_says_so_only_while_stand_ins_are_out() -> None:
    assert states_for_result(Outcome.SWAP_NOT_SEEN, "surrogate") == ("filling", "paying")
    assert states_for_result(Outcome.SWAP_NOT_SEEN, "direct") == states_for_result(Outcome.SWAP_NOT_SEEN, None) == ()


def test_a_form_of_stand_ins_is_never_filled() -> None:
    assert states_for_result(Outcome.FILLED, "surrogate") == ()


def test_nobody_but_the_egress_ends_a_release_whose_payment_is_out() -> None:
    for outcome in Outcome:
        assert "sending" not in states_for_result(outcome, "surrogate")


def test_outcomes_that_deliver_a_value_are_never_before_the_fill() -> None:
    assert not {outcome for outcome in BEFORE_FILL if MEANINGS[outcome].value_delivered}


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.ALREADY_USED, Outcome.ISSUER_UNAVAILABLE, Outcome.REFUSED_BY_ISSUER])
def test_a_browser_does_not_speak_for_others(outcome: Outcome) -> None:
    assert states_for_result(outcome, "direct") == ()


@pytest.mark.parametrize(
    ("origin", "page_url", "claimed"),
    [
        (None, None, None),
        ("https://shop.example.com", None, "https://shop.example.com"),
        (None, "https://Shop.example.com:443/pay?x=1", "https://shop.example.com"),
        ("https://shop.example.com", "https://shop.example.com/pay", "https://shop.example.com"),
    ],
)
def test_a_claimed_origin_is_parsed(origin: str | None, page_url: str | None, claimed: str | None) -> None:
    assert claimed_origin(CreateRelease(details_token=TOKEN, origin=origin, page_url=page_url)) == claimed


@pytest.mark.parametrize(
    "origin", ["javascript:alert(1)", "https://a@evil.example", "file:///etc/passwd", "https://a b", "", "https://x:99999999"]
)
def test_what_is_no_web_origin_is_refused(origin: str) -> None:
    with pytest.raises(LedgerError, match="not a web origin"):
        claimed_origin(CreateRelease(details_token=TOKEN, origin=origin))


def test_two_origins_at_once_are_refused() -> None:
    with pytest.raises(LedgerError, match="different origins"):
        claimed_origin(CreateRelease(details_token=TOKEN, origin="https://a.example", page_url="https://b.example/"))


@pytest.mark.parametrize(
    "purpose",
    ["<<b>b>x", "cafe\u200b\u0301", "Pens", "<b></b>", None, "\u200b", "x" * 282 + " 4222222222222 and", "word " * 80 + "4111111111111111"],
)
def test_the_extension_signs_the_very_words_that_it_is_offered(purpose: str | None) -> None:
    for summary in ("Office supplies", "<<i>i>"):
        claimed = build_claimed(facts().model_copy(update={"summary": summary}), None, purpose)
        assert (plain_text(claimed.purpose) or NO_PURPOSE) == claimed.purpose
        assert 0 < len(claimed.purpose) <= 300


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("already_used", Outcome.ALREADY_USED),
        ("expired", Outcome.EXPIRED),
        ("passkey_required", Outcome.PASSKEY_REQUIRED),
        ("device_not_enrolled", Outcome.NOT_ENROLLED),
        ("anything_else", Outcome.REFUSED_BY_ISSUER),
        ("", Outcome.REFUSED_BY_ISSUER),
    ],
)
def test_a_refusal_of_ledgeros_has_one_outcome(code: str, outcome: Outcome) -> None:
    assert refusal(IssuerRefusedError(403, code, "Words.")).outcome is outcome
