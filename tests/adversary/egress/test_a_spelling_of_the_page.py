"""The page spells the number in a way that an endpoint may answer with and that no search of the answer knows."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.egress.bodies.text import SEPARATORS
from broker.egress.refusal import RefusedError
from broker.egress.scrub import Patterns, Scrubber
from broker.protocol.egress import EgressOutcome
from broker.protocol.processors import FORM, JSON, MULTIPART, TEXT, Endpoint
from tests.unit.egress.test_bodies import endpoint, swapped
from tests.unit.egress.test_scrub import FORMS
from tests.unit.egress.values import CODE, REAL, SURROGATE, SURROGATE_CODE

PATTERNS = Patterns.of(REAL, CODE, SURROGATE, SURROGATE_CODE)
HEAD = '--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n'


@dataclass(frozen=True)
class Way:
    """How a page may write its field, and how a merchant reads it."""

    entry: Endpoint
    write: Callable[[str], str]
    read: Callable[[bytes], str]

    def sent(self, number: str) -> bytes:
        header = f"{MULTIPART}; boundary=b" if self.entry.content_type == MULTIPART else None
        return swapped(self.write(number).encode(), self.entry, header)


JSON_ENTRY, FORM_ENTRY = endpoint(JSON, "/n"), endpoint(FORM, "n")
WAYS = {
    "JSON": Way(JSON_ENTRY, lambda n: json.dumps({"n": n}, ensure_ascii=False), lambda body: json.loads(body)["n"]),
    "escaped JSON": Way(JSON_ENTRY, lambda n: '{"n":"' + "".join(f"\\u{ord(c):04X}" for c in n) + '"}', lambda body: json.loads(body)["n"]),
    "GraphQL": Way(
        endpoint(JSON, "/number", graphql="pay"),
        lambda n: json.dumps({"query": f'mutation {{ pay(number: "{n}") {{ id }} }}'}),
        lambda body: json.loads(body)["query"].split('"')[1],
    ),
    "a form": Way(FORM_ENTRY, lambda n: f"n={quote_plus(n)}&m=1", lambda body: parse_qsl(body.decode())[0][1]),
    "a form with %20": Way(FORM_ENTRY, lambda n: f"n={quote(n)}&m=1", lambda body: parse_qsl(body.decode())[0][1]),
    "an escaped form": Way(FORM_ENTRY, lambda n: "n=" + "".join(f"%{ord(c):02x}" for c in n), lambda body: parse_qsl(body.decode())[0][1]),
    "multipart": Way(endpoint(MULTIPART, "n"), lambda n: f"{HEAD}{n}\r\n--b--", lambda body: body[len(HEAD) :].split(b"\r\n")[0].decode()),
    "text": Way(endpoint(TEXT, "n"), lambda n: f"n={n}\r\n", lambda body: body[2:-2].decode()),
}
RAW: list[Callable[[bytes], bytes]] = [bytes, base64.b64encode, lambda body: body.hex().encode(), lambda body: quote(body).encode()]

spellings = st.lists(st.sampled_from(["", *SEPARATORS]), min_size=15, max_size=15).map(
    lambda between: "".join(digit + gap for digit, gap in zip(SURROGATE, [*between, ""], strict=True))
)
anything = st.lists(st.text(" -\t\u00a0\u2009\u202f\u3000._,+0%", max_size=3), min_size=17, max_size=17).map(
    lambda gaps: gaps[0] + "".join(digit + gap for digit, gap in zip(SURROGATE, gaps[1:], strict=True))
)


def shown(answer: bytes) -> bytes:
    """What the page gets of it."""
    scrubber = Scrubber(PATTERNS)
    return scrubber.feed(answer) + scrubber.finish()


@pytest.mark.parametrize("name", WAYS)
@settings(deadline=None, max_examples=60)
@given(st.one_of(spellings, anything))
def test_whatever_the_page_writes_the_merchant_gets_the_digits_alone_or_nothing(name: str, number: str) -> None:
    try:
        body = WAYS[name].sent(number)
    except RefusedError:
        return
    assert WAYS[name].read(body) == REAL
    assert body.count(REAL.encode()) == 1, "as it is, however the page had written it"
    for echo in RAW:
        assert shown(echo(body)) == echo(body.replace(REAL.encode(), SURROGATE.encode()))


@pytest.mark.parametrize("form", FORMS)
def test_a_field_that_is_answered_as_it_came_is_recognised_in_every_form(form: str) -> None:
    for name, way in WAYS.items():
        for separator in ("", " ", "-"):
            number = separator.join(SURROGATE[at : at + 4] for at in range(0, 16, 4))
            came = way.read(way.sent(number))
            assert shown(b"q\n" + FORMS[form](came) + b"\nq") == b"q\n" + FORMS[form](SURROGATE) + b"\nq", name


@pytest.mark.parametrize("separator", [" " * 129, "\u2009" * 9, "\t", "%20", "\u00a0\u00a0"])
def test_separators_that_no_search_of_the_answer_knows_are_refused(separator: str) -> None:
    for name in ("JSON", "escaped JSON", "a form", "a form with %20", "multipart", "text"):
        with pytest.raises(RefusedError) as refused:
            WAYS[name].sent(separator.join(SURROGATE))
        assert refused.value.outcome is EgressOutcome.FIELD_MISMATCH


def test_what_would_come_back_if_the_spelling_were_kept() -> None:
    """The control: these are answers in which the number is not recognised."""
    for answer in ((" " * 129).join(REAL).encode(), base64.b64encode(f"{REAL[:3]} {REAL[3:9]} {REAL[9:]}".encode())):
        assert shown(answer) == answer
