"""Ids, canonical bytes, money, origins and text: the small promises everything else rests on."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from broker.core.canonical import b64u, canonical_json, canonical_members, digest, unb64u
from broker.core.ids import IdFactory, new_secret, secret_hash
from broker.core.money import format_money, plain_money, tolerance, typed_money
from broker.core.origin import host_of, is_loopback, parse_origin, registrable_domain
from broker.core.text import plain_text


class At:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


def test_ids_sort_by_time_and_carry_their_kind() -> None:
    early, late = IdFactory(At(1_000)).new("card"), IdFactory(At(2_000)).new("card")
    assert early < late
    assert early.startswith("card_")
    assert len(early) == 31


def test_a_secret_is_256_bits_and_known_by_its_digest() -> None:
    one, two = new_secret("tok_"), new_secret("tok_")
    assert len(one) == 47
    assert secret_hash(one) == secret_hash(one)
    assert secret_hash(one) != secret_hash(two)


def test_a_digest_is_bound_to_its_domain() -> None:
    assert digest("a/v1", {"x": 1}) != digest("b/v1", {"x": 1})
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


_MEMBER = st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.lists(st.text(), max_size=3)


@given(st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), _MEMBER, max_size=8))
def test_flat_objects_give_the_same_bytes_and_leave_out_what_is_none(members: dict[str, Any]) -> None:
    assert canonical_members(members) == canonical_json({name: value for name, value in members.items() if value is not None})


@given(st.binary(max_size=64))
def test_base64url_round_trips(data: bytes) -> None:
    assert unb64u(b64u(data)) == data


@pytest.mark.parametrize("text", ["a", "ab=", "a b", "é", "QQ==", "QR"])
def test_only_canonical_base64url_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        unb64u(text)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(5000, "USD", "$50.00"), (1200, "JPY", "¥1,200"), (1234567, "KWD", "KWD 1,234.567"), (-5, "EUR", "-€0.05"), (0, "CHF", "CHF 0.00")],
)
def test_money_reads_as_its_currency_does(amount: int, currency: str, shown: str) -> None:
    assert format_money(amount, currency) == shown


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("100", "USD", 10_000),
        (" 49.9 ", "USD", 4_990),
        ("49,90", "EUR", 4_990),
        ("1200", "JPY", 1_200),
        ("1.234", "KWD", 1_234),
        ("0", "USD", 0),
    ],
)
def test_an_amount_is_read_as_it_is_typed_and_written_back_the_same(typed: str, currency: str, amount: int) -> None:
    assert typed_money(typed, currency) == amount
    assert typed_money(plain_money(amount, currency), currency) == amount


@pytest.mark.parametrize("typed", ["", "-1", "1,000", "1.2.3", "1e3", "$5", "٣", "1.234", "9" * 11])
def test_what_is_no_amount_is_not_guessed(typed: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        typed_money(typed, "USD")


def test_tolerance_never_rounds_up() -> None:
    assert tolerance(4999, 200) == 99
    assert tolerance(49, 200) == 0


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Shop.Example.com:443/pay?x=1#y", "https://shop.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://[::1]:9/a", "https://[::1]:9"),
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "shop.example.com", "javascript:alert(1)", "https://", "https://shop.example@evil.example", "https://a\\b.example",
        "https://shöp.example", "https://a b.example", "file:///etc/passwd", "data:text/html,x", "https://x:99999",
    ],
)  # fmt: skip
def test_what_is_no_web_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_origin(text)


@pytest.mark.parametrize(
    ("origin", "domain"),
    [
        ("https://pay.shop.co.uk", "shop.co.uk"),
        ("https://mallory.github.io", "mallory.github.io"),
        ("https://127.0.0.1:1", "127.0.0.1"),
        ("https://shop.localhost:1", "shop.localhost"),
    ],
)
def test_the_registrable_domain_includes_private_suffixes(origin: str, domain: str) -> None:
    assert registrable_domain(origin) == domain


def test_loopback_is_recognised_by_name_and_address() -> None:
    assert all(is_loopback(o) for o in ("https://shop.localhost:1", "http://localhost", "http://127.9.9.9", "https://[::1]"))
    assert not any(is_loopback(o) for o in ("https://localhost.example.com", "https://10.0.0.1"))
    assert host_of("https://[::1]:9") == "::1"
    assert {host_of(bad) for bad in ("https://[", "https://[1]", "https://[::1")} == {""}


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Buy <b>paper</b>\n\nnow", "Buy paper now"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\u200bb\x00c\u2066d", "ab cd"),
        ("x" * 400, "x" * 299 + "…"),
        ("1 < 2 and 3 > 2", "1 2"),
    ],
)
def test_an_agents_words_become_one_harmless_line(raw: str, clean: str) -> None:
    assert plain_text(raw) == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [("<<b>b>x", "x"), ("cafe\u200b\u0301", "caf\u00e9"), ("<" * 9 + "b" + ">" * 9 + "x", "x"), ("<" + " " * 600 + ">paid", "paid")],
)
def test_what_is_left_by_taking_markup_away_is_no_markup(raw: str, clean: str) -> None:
    assert plain_text(raw) == clean


HARD = st.sampled_from("<>/b x\n\u200b\u0301\u0338\u202e\u1100\u1161\u2028…")


@given(st.text(max_size=500) | st.text(HARD, max_size=60), st.sampled_from([300, 10]))
def test_plain_text_is_bounded_and_what_is_plain_stays_as_it_is(text: str, limit: int) -> None:
    once = plain_text(text, limit)
    assert len(once) <= limit
    assert "\n" not in once
    assert plain_text(once, limit) == once
