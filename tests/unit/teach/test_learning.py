"""From a request that carried the stand-in to the entry that a person is asked about."""

from __future__ import annotations

import json

import pytest

from broker.protocol.surrogate import Surrogate
from broker.teach.learning import CannotBeTaughtError, learn
from broker.teach.lesson import RANGE, describe, new_stand_in
from broker.teach.watching import Seen

STAND_IN = Surrogate(number="4242429000000001", security_code="737")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def seen(body: str, content_type: str = FORM, url: str = "https://pay.example/charge", frame: str = "https://shop.example") -> Seen:
    return Seen(url, "POST", {"content-type": content_type, "x-shop": "1", "cookie": "a"}, body.encode(), "https://shop.example", frame)


def learned(request: Seen):
    return learn(request, STAND_IN, sandbox=False, person="Ada", at_ms=1)


def test_a_form_is_learned_with_its_fields_its_page_and_its_headers() -> None:
    entry = learned(seen("number=4242+4290+0000+0001&cvc=737&name=Ada"))
    assert (entry.host, entry.path, entry.method, entry.content_type) == ("pay.example", "/charge", "POST", FORM)
    assert (entry.fields.number, entry.fields.security_code) == ("number", "cvc")
    assert (entry.origin, entry.headers, entry.frame_hosts) == ("https://shop.example", ("x-shop",), ())


def test_json_is_learned_by_pointers_and_a_frame_by_its_host() -> None:
    body = json.dumps({"items": [{"card": {"number": STAND_IN.number, "cvc": "737"}}], "a/b": 1})
    entry = learned(seen(body, JSON, frame="https://fields.example"))
    assert (entry.fields.number, entry.fields.security_code) == ("/items/*/card/number", "/items/*/card/cvc")
    assert entry.frame_hosts == ("fields.example",)


def test_what_differs_from_payment_to_payment_is_no_part_of_the_rule() -> None:
    entry = learned(seen("number=4242429000000001", url="https://pay.example/v1/orders/ord_12ab34cd56/pay/20391?locale=de"))
    assert entry.path == "/v1/orders/*/pay/*"
    assert entry.query == ("locale",)


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
    ],
)
def test_what_the_egress_would_not_swap_is_not_taught(request_: Seen, why: str) -> None:
    with pytest.raises(CannotBeTaughtError, match=why):
        learned(request_)


def test_the_person_sees_where_the_number_would_go() -> None:
    shown = "\n".join(describe(learned(seen("number=4242429000000001&cvc=737", frame="https://fields.example"))))
    for part in ("pay.example", "https://shop.example", "POST /charge", "number", "cvc", "fields.example", "x-shop"):
        assert part in shown


def test_a_stand_in_is_of_the_range_that_is_never_issued() -> None:
    made = new_stand_in()
    assert made.number.startswith(RANGE)
    assert len(made.number) == 16
