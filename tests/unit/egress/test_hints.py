"""What an answer looks like: a question of the bank, a refusal of the request, or neither."""

from __future__ import annotations

import json

import pytest

from broker.egress.hint import MOST, Hint, HintReader
from broker.protocol.processors import Challenge, Endpoint
from tests.unit.egress.merchant import answering
from tests.unit.egress.stand import Stand
from tests.unit.egress.values import taught

URL = "https://shop.localhost/buy"
JSON = {"Content-Type": "application/json; charset=utf-8"}
CHALLENGED = taught().model_copy(
    update={"challenge": Challenge(pointer="/payment/status", values=("requires_action",), hosts=("*.acs.example",))}
)


def hint(body: bytes = b"", headers: dict[str, str] | None = None, status: int = 200, entry: Endpoint = CHALLENGED) -> Hint | None:
    reader = HintReader(entry, URL, status, headers or {})
    for start in range(0, len(body), 1_000):
        reader.feed(body[start : start + 1_000])
    return reader.hint()


def test_a_status_that_the_registry_names_is_a_challenge() -> None:
    assert hint(b'{"payment": {"status": "requires_action"}}', JSON) == "challenge_required"


@pytest.mark.parametrize(
    "body",
    [b'{"payment": {"status": "succeeded"}}', b'{"payment": []}', b'{"payment": "requires_action"}', b"{", b"[" * 5_000, b"null", b"\xff"],
)
def test_any_other_body_is_none(body: bytes) -> None:
    assert hint(body, JSON) is None


def test_only_json_is_read_and_only_as_far_as_a_bound() -> None:
    body = b'{"payment": {"status": "requires_action"}}'
    assert hint(body, {"Content-Type": "text/html"}) is None
    assert hint(body + b" " * MOST, JSON) is None


def test_a_redirect_to_the_banks_page_is_a_challenge() -> None:
    assert hint(headers={"Location": "https://bank.acs.example/ask"}, status=303) == "challenge_required"
    assert hint(headers={"Location": "https://bank.acs.example.evil.example/"}, status=303) is None
    assert hint(headers={"Location": "/thanks"}, status=303) is None


ASKING = {
    "a form": b'<form action="https://acs.example/"><input type="hidden" name="creq" value="eyJ0"></form>',
    "a form without quotes": b"<input name=creq value=eyJ0>",
    "a form of the first version": b"<INPUT TYPE='hidden' NAME = 'PaReq' VALUE='eJx'>",
    "JSON": b'{"threeDs": {"url": "https://acs.example/", "creq": "eyJ0"}}',
    "a form in JSON": json.dumps({"html": '<input name="creq" value="eyJ0">'}).encode(),
    "JSON in JSON": json.dumps({"next": json.dumps({"PaReq": "eJx"})}).encode(),
}


@pytest.mark.parametrize("name", ASKING)
def test_the_field_in_which_a_bank_is_asked_is_a_challenge_where_nobody_described_the_answer(name: str) -> None:
    for kind in (JSON, {"Content-Type": "text/html"}):
        assert hint(ASKING[name], kind, entry=taught()) == "challenge_required"
    assert hint(ASKING[name], {"Content-Type": "text/css"}, entry=taught()) is None
    assert hint(ASKING[name], JSON) is None, "the registry says how this one asks"


@pytest.mark.parametrize(
    "body",
    [
        b'{"creq": null}',
        b'{"creq": ""}',
        b'{"acreq": "x", "note": "creq"}',
        b"<p>no creq was needed</p>",
        b'<input name="creq2">',
        b"creq" * 60_000,
    ],
)
def test_a_word_of_3_d_secure_alone_is_none(body: bytes) -> None:
    assert hint(body, JSON, entry=taught()) is None


@pytest.mark.parametrize("status", [401, 403, 429])
def test_an_answer_given_before_processing_is_a_block(status: int) -> None:
    assert hint(status=status, entry=taught()) == "blocked_by_merchant"


@pytest.mark.parametrize("status", [200, 302, 400, 402, 404, 422, 500])
def test_every_other_answer_is_the_merchants_to_explain(status: int) -> None:
    assert hint(status=status, entry=taught()) is None


async def test_the_egress_says_what_it_saw(stand: Stand) -> None:
    stand.merchant.answer = answering(b"no robots", status="403 Forbidden")
    assert (await stand.paid()).end.hint == "blocked_by_merchant"
    stand.merchant.answer = answering(b"paid")
    assert (await stand.paid()).end.hint is None
