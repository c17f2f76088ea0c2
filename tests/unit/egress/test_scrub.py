"""However an answer spells the number and however it is cut into pieces, the page sees the surrogate in its place."""

from __future__ import annotations

import base64
import importlib
import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from broker.egress.forms_of import WIDEST, each_form
from broker.egress.scrub import BLOCK, Patterns, Scrubber
from tests.unit.egress.values import CODE, REAL, SURROGATE, SURROGATE_CODE, number_of_test_bin

examples = settings(deadline=None, max_examples=25)
PATTERNS = Patterns.of(REAL, CODE, SURROGATE, SURROGATE_CODE)


def scrubbed(data: bytes, sizes: list[int] | None = None) -> bytes:
    scrubber, given_out, position = Scrubber(PATTERNS), b"", 0
    for size in [*(sizes or []), len(data)]:
        given_out += scrubber.feed(data[position : position + size])
        position += size
    return given_out + scrubber.finish()


def grouped(digits: str, separator: str) -> str:
    return separator.join(digits[i : i + 4] for i in range(0, len(digits), 4))


def in_base64(encode: Callable[[bytes], bytes], before: str, text: Callable[[str], str] = str) -> Callable[[str], bytes]:
    return lambda n: encode(f"{before}{text(n)}tail".encode())


def in_utf_16(order: str, before: str) -> Callable[[str], bytes]:
    return lambda n: base64.b64encode(before.encode() + n.encode(f"utf-16-{order}") + b"tail")


def turned(form: Callable[[str], bytes]) -> Callable[[str], bytes]:
    return lambda n: form(n)[::-1]


def wrapped(before: str) -> Callable[[str], str]:
    return lambda n: base64.b64encode(f"{before}{n}cd".encode()).decode()


FORMS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "spaced": lambda n: grouped(n, " ").encode(),
    "dashed": lambda n: grouped(n, "-").encode(),
    "dotted one by one": lambda n: ".".join(n).encode(),
    "spaced with no-break spaces": lambda n: grouped(n, "\u00a0").encode(),
    "percent": lambda n: "".join(f"%{ord(c):02x}" for c in n).encode(),
    "percent twice": lambda n: "".join(f"%25{ord(c):02X}" for c in n).encode(),
    "percent, spaced": lambda n: grouped(n, "%20").encode(),
    "decimal entities": lambda n: "".join(f"&#{ord(c)};" for c in n).encode(),
    "hexadecimal entities": lambda n: "".join(f"&#x{ord(c):04X};" for c in n).encode(),
    "entities with a no-break space": lambda n: grouped(n, "&nbsp;").encode(),
    "escaped entities": lambda n: "".join(f"&amp;#{ord(c)};" for c in n).encode(),
    "JSON escapes": lambda n: "".join(f"\\u{ord(c):04x}" for c in n).encode(),
    "JSON in JSON": lambda n: "".join(f"\\\\u{ord(c):04x}" for c in n).encode(),
    "JavaScript escapes": lambda n: "".join(f"\\x{ord(c):02x}" for c in n).encode(),
    "JavaScript code points": lambda n: "".join(f"\\u{{{ord(c):x}}}" for c in n).encode(),
    "CSS escapes": lambda n: "".join(f"\\{ord(c):06x}" for c in n).encode(),
    "in spans": lambda n: grouped(n, "</span> <span class='g'>").encode(),
    "half escaped": lambda n: "".join(c if i % 3 else f"%{ord(c):x}" for i, c in enumerate(n)).encode(),
    "decimal entities with zeros": lambda n: "".join(f"&#{ord(c):026d};" for c in n).encode(),
    "JavaScript's old escape": lambda n: "".join(f"%u{ord(c):04X}" for c in n).encode(),
    "four times percent": lambda n: "".join(f"%252525{ord(c):02x}" for c in n).encode(),
    "table rows": lambda n: "".join(f"<tr>\n      <td>{c}</td>\n    </tr>\n" for c in n).encode(),
    "an indented list of digits": lambda n: json.dumps([int(c) for c in n], indent=8).encode(),
    "an indented list of codes": lambda n: json.dumps(list(n.encode()), indent=8).encode(),
    "a list of groups": lambda n: json.dumps([n[i : i + 4] for i in range(0, 16, 4)], indent=8).encode(),
    "glued by script": lambda n: grouped(n, '" + "').encode(),
    "soft hyphens": lambda n: "\u00ad".join(n).encode(),
    "escaped zero-width spaces": lambda n: json.dumps("\u200b".join(n)).encode(),
    "percent, spaced with no-break spaces": lambda n: grouped(n, "%C2%A0").encode(),
    "named entities": lambda n: grouped(n, "&amp;ensp;&ndash;").encode(),
    "numbered entities": lambda n: grouped(n, "&#8209;&#x200B;").encode(),
    "ideographic spaces": lambda n: grouped(n, "\u3000").encode(),
    "full width": lambda n: "".join(chr(0xFF10 + int(c)) for c in n).encode(),
    "full width, ISO-2022-JP": lambda n: "".join(chr(0xFF10 + int(c)) for c in n).encode("iso2022_jp"),
    "Arabic": lambda n: "".join(chr(0x660 + int(c)) for c in n).encode(),
    "Persian, spaced": lambda n: grouped("".join(chr(0x6F0 + int(c)) for c in n), " ").encode(),
    "quoted-printable": lambda n: "".join(f"={ord(c):02X}" for c in n).encode(),
    "hexadecimal": lambda n: n.encode().hex().encode(),
    "hexadecimal with colons": lambda n: n.encode().hex(":").encode(),
    "hexadecimal, spaced number": lambda n: grouped(n, " ").encode().hex().encode(),
    "hexadecimal of UTF-16": lambda n: n.encode("utf-16-le").hex().encode(),
    "hexadecimal of UTF-16, big-endian": lambda n: n.encode("utf-16-be").hex().encode(),
    "a list of codes": lambda n: str(list(n.encode())).encode(),
    "a list of digits": lambda n: str(list(n)).encode(),
    "reversed": lambda n: n[::-1].encode(),
    "reversed and dashed": lambda n: grouped(n[::-1], "-").encode(),
    "reversed percent": lambda n: "".join(f"%{ord(c):x}" for c in n[::-1]).encode(),
    "reversed hexadecimal": lambda n: n[::-1].encode().hex().encode(),
    "UTF-16": lambda n: n.encode("utf-16-le"),
    "UTF-16, big-endian, spaced": lambda n: grouped(n, " ").encode("utf-16-be"),
    "UTF-16 JSON escapes": lambda n: "".join(f"\\u{ord(c):04x}" for c in n).encode("utf-16-le"),
    "UTF-32": lambda n: n.encode("utf-32-le"),
    **{f"base64 at {len(b)}": in_base64(base64.b64encode, b) for b in ("", "a", "ab")},
    **{f"base64url at {len(b)}": in_base64(base64.urlsafe_b64encode, b) for b in ("~~~", "~~~a", "~~~ab")},
    **{f"base64 spaced at {len(b)}": in_base64(base64.b64encode, b, lambda n: grouped(n, " ")) for b in ("", "a", "ab")},
    **{f"base64 dashed at {len(b)}": in_base64(base64.urlsafe_b64encode, b, lambda n: grouped(n, "-")) for b in ("", "a", "ab")},
    **{f"base64 reversed at {len(b)}": in_base64(base64.b64encode, b, lambda n: n[::-1]) for b in ("", "a", "ab")},
    **{f"base64 turned round, at {len(b)}": turned(in_base64(base64.b64encode, b)) for b in ("", "a", "ab")},
    **{f"base64 of UTF-16, {coding}, at {len(b)}": in_utf_16(coding, b) for coding in ("le", "be") for b in ("", "a", "ab")},
    **{f"base64 at {a} in base64 at {b}": in_base64(base64.b64encode, "ab"[:b], wrapped("xy"[:a])) for a in range(3) for b in range(3)},
    "base64 in indented lines": lambda n: base64.encodebytes(b"x" * 50 + n.encode() * 2).replace(b"\n", b"\n        "),
    "base64 in lines": in_base64(base64.encodebytes, "x" * 50),
    "base64 alone": lambda n: base64.b64encode(n.encode()),
}

chunk_sizes = st.lists(st.integers(0, BLOCK + WIDEST), max_size=8)
fillings = st.one_of(st.integers(0, 300), st.integers(BLOCK - 400, BLOCK + WIDEST + 400))


@pytest.mark.parametrize("form", FORMS)
@examples
@given(before=st.binary(max_size=40), after=st.binary(max_size=40), filling=fillings, sizes=chunk_sizes)
def test_no_form_survives_and_the_page_sees_the_surrogate_in_it(
    form: str, before: bytes, after: bytes, filling: int, sizes: list[int]
) -> None:
    assume(CODE.encode() not in after)
    spell = FORMS[form]
    # A letter on both sides, so that what hypothesis invents does not become part of the number's own spelling.
    around = b"z" * filling + before + b"\nq", b"q\n" + after
    assert scrubbed(around[0] + spell(REAL) + around[1], sizes) == around[0] + spell(SURROGATE) + around[1]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_a_boundary_cuts_is_found(form: str) -> None:
    spelled, expected = FORMS[form](REAL), FORMS[form](SURROGATE)
    # Boundaries: where the first piece ends, and where what is given out ends.
    for boundary in (BLOCK + WIDEST + 64, BLOCK):
        for inside in range(0, len(spelled) + 1, 1 + len(spelled) // 24):
            scrubber, filling = Scrubber(PATTERNS), b"!" * (boundary - inside)
            whole = filling + spelled + b"z" * (WIDEST + 64)
            given_out = scrubber.feed(whole[: BLOCK + WIDEST + 64]) + scrubber.feed(whole[BLOCK + WIDEST + 64 :]) + scrubber.finish()
            assert given_out == filling + expected + b"z" * (WIDEST + 64)


@pytest.mark.parametrize("form", [*FORMS, "entities apart"])
def test_a_near_miss_of_every_form_costs_no_more_than_any_other_bytes(form: str) -> None:
    # With ambiguous patterns each of these would be tried in 2 to the 16th ways or more, and this test would run into its time limit.
    spell = FORMS.get(form) or (lambda n: "&#32;;".join(f"&#{ord(c)};" for c in n).encode())
    for missing in (1, 2, 5):
        near = spell(REAL)[:-missing] + b"!"
        assert scrubbed(near * 200).count(b"!") == 200


@examples
@given(st.binary(max_size=2_000), chunk_sizes, fillings)
@example(SURROGATE.encode(), [1], 0)
@example(f"{SURROGATE} and {REAL[:-1]} and {REAL[1:]}".encode(), [], 0)
def test_unrelated_bytes_come_through_unchanged(data: bytes, sizes: list[int], filling: int) -> None:
    data = b"&#52%3" * (filling // 6) + data
    assert scrubbed(data, sizes) == data


@examples
@given(st.lists(st.sampled_from([*FORMS.values(), lambda n: b", "]), max_size=12), chunk_sizes, fillings)
def test_many_forms_in_one_answer_are_all_found(forms: list[Callable[[str], bytes]], sizes: list[int], filling: int) -> None:
    answer = b"z" * filling + b"|q|".join(form(REAL) for form in forms)
    given_out = scrubbed(answer, sizes)
    assert len(given_out) == len(answer)
    assert not any(form(REAL) in given_out for form in FORMS.values())


def test_occurrences_that_overlap_are_all_replaced() -> None:
    # The number begins as it ends: 4242 belongs to both.
    assert REAL.encode() not in scrubbed(REAL.encode() + REAL[4:].encode())
    assert REAL.encode() not in scrubbed((REAL[:-4] * 3 + REAL).encode())


def test_a_number_without_its_bin_and_ending_in_the_surrogates_is_left_alone() -> None:
    innocent = f"first6={REAL[:6]} last4={REAL[-4:]}".encode()
    assert scrubbed(innocent) == innocent


@pytest.mark.parametrize(
    "text",
    [
        '{{"cvc":"{0}"}}', '{{"cvv" : {0}}}', '{{\\"securityCode\\":\\"{0}\\"}}', "card[cvc]={0}&x", "card%5Bcvv2%5D={0}", "<cvn>{0}</cvn>",
        '<input type="text" name="cvc" maxlength="4" value="{0}">', "security_code: {0}", REAL + "|12|2030|{0}",
    ],
)  # fmt: skip
def test_a_security_code_is_taken_out_where_it_plainly_is_one(text: str) -> None:
    before, after = (text.format(code) if "{{" in text else text.replace("{0}", code) for code in (CODE, SURROGATE_CODE))
    assert scrubbed(before.encode()) == after.replace(REAL, SURROGATE).encode()


@pytest.mark.parametrize("text", [f'{{"amount":{CODE}}}', f"cvc{CODE}9", f'{{"cvc":"{CODE}4"}}', f"order {CODE}"])
def test_the_same_three_digits_elsewhere_stay(text: str) -> None:
    assert scrubbed(text.encode()) == text.encode()


def test_equal_security_codes_do_not_keep_the_scrubber_busy() -> None:
    scrubber = Scrubber(Patterns.of(REAL, CODE, SURROGATE, CODE))
    assert scrubber.feed(f'{{"cvc":"{CODE}"}}'.encode()) + scrubber.finish() == f'{{"cvc":"{CODE}"}}'.encode()


def test_no_form_is_wider_than_what_is_held_back() -> None:
    regular_expressions = importlib.import_module("re._parser")
    # The longest number there is; getwidth() is the engine's own upper bound.
    for form in each_form("4" * 19, "5" * 19):
        assert regular_expressions.parse(form.pattern.pattern).getwidth()[1] <= WIDEST


def test_patterns_do_not_show_the_number() -> None:
    assert REAL not in repr(PATTERNS) + repr(PATTERNS.number_forms) + repr(PATTERNS.code_forms)


def test_another_number_of_the_same_bin_is_not_touched() -> None:
    other = number_of_test_bin("55501").encode()
    assert scrubbed(other) == other


def test_fifty_megabytes_stream_through_constant_memory() -> None:
    piece = (b"<p>an answer without end, and a number now and then</p>\n" * 20_000)[:1_000_000] + REAL.encode()
    scrubber, size = Scrubber(PATTERNS), 0
    tracemalloc.start()
    try:
        for _ in range(50):
            for start in range(0, len(piece), 65_536):
                given_out = scrubber.feed(piece[start : start + 65_536])
                assert REAL.encode() not in given_out
                size += len(given_out)
        size += len(scrubber.finish())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 50 * len(piece)
    assert peak < 3_000_000


@pytest.mark.parametrize("unit", ["\\", "4\\\\\\\\", "4%25%25", "4&amp;&amp;", "4&#0000", "4<x", "4\n\t ", f"{REAL[:-1]}!"])
def test_an_answer_made_to_be_searched_slowly_is_searched_in_linear_time(unit: str) -> None:
    # Two megabytes: with a pattern that tries each length again at each place this test would run into its time limit.
    data = (unit * (2_000_000 // len(unit))).encode()
    assert scrubbed(data) == data
