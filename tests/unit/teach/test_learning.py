"""From a request that carried the stand-in to the entry that a person is asked about."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from broker.protocol.processors import TaughtEndpoint
from broker.teach.asking import describe, warnings
from broker.teach.fault import CannotBeTaughtError
from broker.teach.learning import learn
from broker.teach.lesson import RANGE, new_stand_in
from broker.teach.parts import Part
from broker.teach.watching import Seen
from tests.unit.teach.requests import FORM, JSON, SHOP, STAND_IN, seen


def learned(request: Seen, *, varies: bool = False, asked: list[Part] | None = None) -> TaughtEndpoint:
    """What is learned by somebody who answers every question about a part with `varies`."""

    def answer(part: Part) -> bool:
        (asked if asked is not None else []).append(part)
        return varies

    return learn(request, STAND_IN, answer, sandbox=False, person="Ada", at_ms=1_800_000_000_000)


def test_a_form_is_learned_with_its_fields_its_page_and_its_headers() -> None:
    entry = learned(seen("number=4242+4290+0000+0001&cvc=737&name=Ada", x_trace="1"))
    assert (entry.host, entry.path, entry.method, entry.content_type) == ("pay.example", "/charge", "POST", FORM)
    assert (entry.fields.number, entry.fields.security_code) == ("number", "cvc")
    assert (entry.origin, entry.headers, entry.frame_hosts, entry.accounts) == (SHOP, ("x-trace",), (), ())


def test_json_is_learned_by_pointers_and_a_frame_by_its_host() -> None:
    body = json.dumps({"items": [{"card": {"number": STAND_IN.number, "cvc": "737"}}], "a/b": 1})
    entry = learned(seen(body, JSON, frame="https://fields.example"))
    assert (entry.fields.number, entry.fields.security_code) == ("/items/*/card/number", "/items/*/card/cvc")
    assert entry.frame_hosts == ("fields.example",)


def graphql(query: str, **variables: object) -> Seen:
    return seen(json.dumps({"query": query, "variables": variables}), JSON)


def test_a_mutation_is_learned_with_its_name_so_that_no_other_one_gets_the_number() -> None:
    query = "mutation Pay($in: PayInput!) { payByCard(input: $in) { id } }"
    entry = learned(graphql(query, **{"in": {"card": {"number": STAND_IN.number, "cvc": "737"}}}))
    assert entry.graphql_field == "payByCard"
    assert (entry.fields.number, entry.fields.security_code) == ("/input/card/number", "/input/card/cvc")
    nested = learned(graphql('mutation ($n: String!) { pay(card: {number: $n, name: "A"}) { id } }', n=STAND_IN.number))
    assert (nested.graphql_field, nested.fields.number) == ("pay", "/card/number")
    assert "an argument of     payByCard" in "\n".join(describe(entry))


@pytest.mark.parametrize(
    "request_",
    [
        graphql("query { pay(number: $n) { id } }", n=STAND_IN.number),
        graphql("mutation ($n: String!) { a(x: $n) { id } b(x: $n) { id } }", n=STAND_IN.number),
        graphql("", n=STAND_IN.number),
        seen(json.dumps({"operationName": "Pay", "variables": {"n": STAND_IN.number}, "extensions": {"persistedQuery": "ab"}}), JSON),
    ],
)
def test_an_operation_that_the_page_could_exchange_is_not_taught(request_: Seen) -> None:
    with pytest.raises(CannotBeTaughtError, match="cannot be told from others"):
        learned(request_)


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"operations": one}, lambda one: {"batch": [one]}])
def test_an_operation_of_several_or_inside_something_is_not_taught(wrap: Callable[[object], object]) -> None:
    one = {"query": "mutation ($n: String!) { pay(number: $n) { id } }", "variables": {"n": STAND_IN.number}}
    with pytest.raises(CannotBeTaughtError, match="one of several operations"):
        learned(seen(json.dumps(wrap(one)), JSON))


def test_what_differs_from_payment_to_payment_is_no_part_of_the_rule() -> None:
    url = "https://pay.example/v1/orders/ord_12ab34cd56/pay/20391?locale=de"
    entry = learned(seen("number=4242429000000001", url=url), varies=True)
    assert entry.path == "/v1/orders/*/pay/*"
    assert (entry.query, entry.accounts) == (("locale",), ())


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (seen("n=4242429000000001&copy=1", url="http://pay.example/"), "public https"),
        (seen("n=4242429000000001", url="https://127.0.0.1/"), "public https"),
        (seen("note=my number is 4242429000000001"), "no field of its own"),
        (seen("n=4242429000000001&n=4242429000000001"), "not built the way"),
        (seen("{", JSON), "not JSON"),
        (seen("4242429000000001", "application/octet-stream"), "neither a form nor JSON"),
        (seen("n=4242429000000001", url="https://pay.example/a%20b"), "form that the registry does not take"),
        (seen("n=4242429000000001", url="https://pay.example/pay/*"), "form that the registry does not take"),
        (seen("n=4242429000000001", url="https://pay.example/pay?a=1&a=2"), "form that the registry does not take"),
        (seen("n=4242429000000001", x_api_key="k" * 501), "longer than 500"),
        (seen("n=4242429000000001&merchantId=mer_77aa88bb&merchantId=mer_77aa88bb"), "in more than one way: field merchantId"),
        (seen("n=4242429000000001&merchantId=mer_77aa88bb&MerchantID=mer_00"), "in more than one way: field merchantId"),
    ],
)
def test_what_the_egress_would_not_swap_is_not_taught(request_: Seen, why: str) -> None:
    with pytest.raises(CannotBeTaughtError, match=why):
        learned(request_)


def test_nothing_is_asked_about_a_request_that_cannot_be_taught() -> None:
    asked: list[Part] = []
    with pytest.raises(CannotBeTaughtError):
        learned(seen("n=4242429000000001&n=4242429000000001", url="https://pay.example/pay/20391"), asked=asked)
    assert asked == []


def test_the_person_sees_where_the_number_would_go_and_at_which_account() -> None:
    url = "https://pay.example/merchants/12345/charge"
    entry = learned(seen("number=4242429000000001&cvc=737", url=url, frame="https://fields.example", authorization="Bearer pk_live_1"))
    shown = "\n".join(describe(entry))
    for part in ("pay.example", SHOP, "POST /merchants/*/charge", "number", "cvc", "fields.example", "= 12345", "= Bearer pk_live_1"):
        assert part in shown
    assert ["pay.example is another site" in line for line in warnings(entry)] == [True]


def test_a_destination_of_another_site_and_one_without_an_account_are_said_loudly() -> None:
    assert warnings(learned(seen("n=4242429000000001", url="https://pay.shop.example/"))) == []
    other, nameless = warnings(learned(seen("n=4242429000000001", url="https://collect.evil.example/collect")))
    assert other.startswith("evil.example is another site than the shop's, shop.example.")
    assert "cannot be told" in nameless


def test_what_a_page_wrote_cannot_move_the_terminals_cursor() -> None:
    entry = learned(seen("number=4242429000000001&merchant=\x1b[2J\x1b[1;1H\u202eABCDE"))
    assert [account.name for account in entry.accounts] == ["merchant"]
    assert all(line.isprintable() for line in describe(entry))


def test_a_stand_in_is_of_the_range_that_is_never_issued() -> None:
    made = new_stand_in()
    assert made.number.startswith(RANGE)
    assert len(made.number) == 16
