"""Only the registered fields change, into the real digits and nothing else; every other byte of a body stays what it was."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.egress.bodies import ContentType, locate, open_body
from broker.egress.bodies.names import folded
from broker.egress.refusal import RefusedError
from broker.protocol.egress import EgressOutcome
from broker.protocol.processors import FORM, JSON, MULTIPART, TEXT, Endpoint, Fields, Source
from tests.unit.egress.values import CODE, REAL, STAND_IN, SURROGATE, SURROGATE_CODE


def endpoint(content_type: str, number: str, code: str | None = None, graphql: str | None = None) -> Endpoint:
    return Endpoint.model_validate({
        "id": "x", "name": "X", "host": "x.example", "path": "/", "contentType": content_type, "graphqlField": graphql,
        "fields": Fields(number=number, security_code=code), "source": Source(kind="measured", text="a test"),
    })  # fmt: skip


def swapped(body: bytes, entry: Endpoint, header: str | None = None, code: str = CODE) -> bytes:
    reader = open_body(body, ContentType.parse(header or entry.content_type), entry)
    return locate(reader, entry, STAND_IN).replaced(REAL, code)


def refusal(body: bytes, entry: Endpoint, header: str | None = None) -> EgressOutcome:
    with pytest.raises(RefusedError) as refused:
        swapped(body, entry, header)
    return refused.value.outcome


def grouped(digits: str, separator: str) -> str:
    return separator.join(digits[i : i + 4] for i in range(0, len(digits), 4))


FORM_ENTRY = endpoint(FORM, "card[number]", "card[cvc]")
JSON_ENTRY = endpoint(JSON, "/card/number", "/card/cvc")
LIST_ENTRY = endpoint(JSON, "/payments/*/card/number", "/payments/*/card/cvc")
GRAPHQL_ENTRY = endpoint(JSON, "/input/creditCard/number", "/input/creditCard/cvv", "tokenizeCreditCard")
MULTIPART_ENTRY = endpoint(MULTIPART, "number", "cvc")
TEXT_ENTRY = endpoint(TEXT, "number", "cvc")
BOUNDARY = "multipart/form-data; boundary=----edge42"

examples = settings(deadline=None)
registered = ("card", "card[number]", "card[cvc]", "number", "cvc")
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda name: folded(name) not in map(folded, registered))
values = st.one_of(st.text(st.characters(codec="utf-8"), max_size=30), st.just(SURROGATE))
separators = st.sampled_from(["", " ", "-"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@examples
@given(st.lists(st.tuples(names, values), max_size=6), st.integers(0, 6), separators)
def test_a_form_keeps_everything_but_its_field(others: list[tuple[str, str]], place: int, separator: str) -> None:
    def body(number: str, code: str) -> bytes:
        pairs = [f"{quote_plus(name)}={quote_plus(value)}" for name, value in others]
        pairs[place:place] = [f"card%5Bnumber%5D={quote_plus(number)}", f"card[cvc]={code}"]
        return "&".join(pairs).encode()

    assert swapped(body(grouped(SURROGATE, separator), SURROGATE_CODE), FORM_ENTRY) == body(REAL, CODE)


@examples
@given(st.dictionaries(names, json_values, max_size=4), separators, st.sampled_from([None, 2]), st.booleans())
def test_json_keeps_everything_but_its_field(others: dict[str, object], separator: str, indent: int | None, ascii_only: bool) -> None:
    def body(number: str, code: str) -> bytes:
        value = {**others, "card": {"extra": others, "number": number, "cvc": code}, "after": others}
        return json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()

    assert swapped(body(grouped(SURROGATE, separator), SURROGATE_CODE), JSON_ENTRY) == body(REAL, CODE)


@examples
@given(st.lists(st.binary(max_size=200).filter(lambda data: b"----edge42" not in data), max_size=3), values, separators)
def test_a_multipart_body_keeps_its_files(files: list[bytes], note: str, separator: str) -> None:
    def body(number: str, code: str) -> bytes:
        parts = [b'Content-Disposition: form-data; name="f"; filename="a.bin"\r\nContent-Type: image/png\r\n\r\n' + data for data in files]
        parts.append(b'Content-Disposition: form-data; name="note"\r\n\r\n' + note.replace("----edge42", "").encode())
        parts.append(f'content-disposition: form-data; name="number"\r\n\r\n{number}'.encode())
        parts.append(f'Content-Disposition: form-data; name="cvc"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{code}'.encode())
        return b"".join(b"------edge42\r\n" + part + b"\r\n" for part in parts) + b"------edge42--\r\n"

    assert swapped(body(grouped(SURROGATE, separator), SURROGATE_CODE), MULTIPART_ENTRY, BOUNDARY) == body(REAL, CODE)


@examples
@given(st.lists(st.tuples(names, values), max_size=4), separators)
def test_a_text_body_keeps_everything_but_its_field(others: list[tuple[str, str]], separator: str) -> None:
    def one_line(text: str) -> str:
        return text.replace("\r", "").replace("\n", "").replace("=", "")

    def body(number: str, code: str) -> bytes:
        lines = [f"x{one_line(name)}={one_line(value)}" for name, value in others]
        return "\r\n".join([*lines, f"number={number}", f"cvc={code}", ""]).encode()

    assert swapped(body(grouped(SURROGATE, separator), SURROGATE_CODE), TEXT_ENTRY) == body(REAL, CODE)


@examples
@given(st.dictionaries(names, json_values, max_size=3), separators, st.booleans())
def test_graphql_keeps_everything_but_the_argument(others: dict[str, object], separator: str, inline: bool) -> None:
    def body(number: str, code: str) -> bytes:
        if inline:
            literal = json.dumps(number)
            arguments = f'input: {{ note: "}}{{", creditCard: {{ cvv: "{code}", number: {literal} }} }}'
            return json.dumps({"query": f"mutation {{ t: tokenizeCreditCard({arguments}) {{ token }} }}", "variables": others}).encode()
        head = "mutation T($input: TokenizeCreditCardInput!, $x: [Int!] = [1])"
        query = f"{head} {{ tokenizeCreditCard(input: $input) {{ token ...F }} }} fragment F on T {{ id }}"
        return json.dumps(
            {"variables": {"input": {"creditCard": {"number": number, "cvv": code, "more": others}}}, "query": query}
        ).encode()

    assert swapped(body(grouped(SURROGATE, separator), SURROGATE_CODE), GRAPHQL_ENTRY) == body(REAL, CODE)


def test_escaped_digits_are_recognised_and_only_they_change() -> None:
    escaped = "\\u0034" + SURROGATE[1:]
    assert swapped(f'{{"card":{{"number":"{escaped}"}}}}'.encode(), JSON_ENTRY) == f'{{"card":{{"number":"{REAL}"}}}}'.encode()
    assert swapped(f"card[number]=%34{SURROGATE[1:]}&a=%7e%7E+".encode(), FORM_ENTRY) == f"card[number]={REAL}&a=%7e%7E+".encode()


@pytest.mark.parametrize("separator", ["  ", "\t", " -", "\u2003", "\u200b", ".", "%20", "\n", " " * 129])
def test_a_number_that_nobody_types_so_is_refused(separator: str) -> None:
    for number in (grouped(SURROGATE, separator), separator + SURROGATE, SURROGATE + separator, separator.join(SURROGATE)):
        assert refusal(json.dumps({"card": {"number": number}}).encode(), JSON_ENTRY) is EgressOutcome.FIELD_MISMATCH
        assert refusal(f"card[number]={quote_plus(number)}".encode(), FORM_ENTRY) is EgressOutcome.FIELD_MISMATCH


@pytest.mark.parametrize("separator", [" ", "-", "\u00a0", "\u2009", "\u202f"])
def test_what_a_mask_puts_between_digits_is_not_sent(separator: str) -> None:
    for number in (
        grouped(SURROGATE, separator),
        separator.join([SURROGATE[:4], SURROGATE[4:10], SURROGATE[10:]]),
        separator.join(SURROGATE),
    ):
        for ascii_only in (True, False):
            body = json.dumps({"card": {"number": number, "cvc": ""}}, ensure_ascii=ascii_only).encode()
            assert swapped(body, JSON_ENTRY) == json.dumps({"card": {"number": REAL, "cvc": ""}}).encode()


def test_a_json_number_is_swapped_and_a_code_that_would_begin_with_zero_is_refused() -> None:
    body = f'{{"card":{{"number":{SURROGATE},"cvc":{SURROGATE_CODE}}}}}'.encode()
    assert swapped(body, JSON_ENTRY, code="321") == f'{{"card":{{"number":{REAL},"cvc":321}}}}'.encode()
    assert refusal(body, JSON_ENTRY) is EgressOutcome.FIELD_MISMATCH


def test_a_missing_or_empty_code_is_left_alone() -> None:
    for rest in ("", "&card[cvc]="):
        assert swapped(f"card[number]={SURROGATE}{rest}".encode(), FORM_ENTRY) == f"card[number]={REAL}{rest}".encode()


def test_the_one_list_element_that_holds_the_card_is_swapped() -> None:
    body = json.dumps({"payments": [{"kind": "gift"}, {"card": {"number": SURROGATE, "cvc": SURROGATE_CODE}}]}).encode()
    assert swapped(body, LIST_ENTRY) == body.replace(SURROGATE.encode(), REAL.encode()).replace(SURROGATE_CODE.encode(), CODE.encode())


@pytest.mark.parametrize(
    ("body", "entry", "header"),
    [
        (f"number={SURROGATE}".encode(), FORM_ENTRY, None),
        (f"card[number]={SURROGATE}&card%5bnumber%5d={SURROGATE}".encode(), FORM_ENTRY, None),
        (f"card[number]={SURROGATE}0".encode(), FORM_ENTRY, None),
        (f"card[number]={SURROGATE}&card[cvc]=111".encode(), FORM_ENTRY, None),
        (f"card[number]={SURROGATE_CODE}&card[cvc]={SURROGATE}".encode(), FORM_ENTRY, None),
        (f'{{"card":{{"number":"{SURROGATE}"}},"card":{{"number":"1"}}}}'.encode(), JSON_ENTRY, None),
        (f'{{"card":{{"number":"{SURROGATE}","number":"1"}}}}'.encode(), JSON_ENTRY, None),
        (f'{{"card":{{"number":"{SURROGATE}"}},"card":null}}'.encode(), JSON_ENTRY, None),
        (f'{{"card":[{{"number":"{SURROGATE}"}}]}}'.encode(), JSON_ENTRY, None),
        (f'{{"card":{{"number":["{SURROGATE}"]}}}}'.encode(), JSON_ENTRY, None),
        (json.dumps({"payments": [{"card": {"number": SURROGATE}}] * 2}).encode(), LIST_ENTRY, None),
    ],
)
def test_a_body_that_is_not_as_registered_is_refused(body: bytes, entry: Endpoint, header: str | None) -> None:
    assert refusal(body, entry, header) is EgressOutcome.FIELD_MISMATCH


@pytest.mark.parametrize(
    ("body", "entry", "header"),
    [
        (b"\xff\xfe", JSON_ENTRY, None),
        (f'{{"card":{{"number":"{SURROGATE}"}}'.encode(), JSON_ENTRY, None),
        (f'{{"a":NaN,"card":{{"number":"{SURROGATE}"}}}}'.encode(), JSON_ENTRY, None),
        (b"[" * 100_000 + b"]" * 100_000, JSON_ENTRY, None),
        (f"card[number]={SURROGATE}".encode("utf-16"), FORM_ENTRY, f"{FORM}; charset=utf-16"),
        (f"card[number]={SURROGATE}".encode(), FORM_ENTRY, f"{FORM}; charset=gb18030"),
        (f"card[number]={SURROGATE}".encode(), FORM_ENTRY, f"{FORM}; charset=utf-8; charset=utf-8"),
        (f"card[number]={SURROGATE}".encode(), FORM_ENTRY, f"{FORM};;"),
    ],
)
def test_a_body_nobody_can_read_is_refused(body: bytes, entry: Endpoint, header: str | None) -> None:
    assert refusal(body, entry, header) is EgressOutcome.BODY_NOT_READABLE


def part(head: str, value: str = SURROGATE) -> str:
    return f"------edge42\r\n{head}\r\n\r\n{value}\r\n"


@pytest.mark.parametrize(
    "body",
    [
        "preamble\r\n" + part('Content-Disposition: form-data; name="number"') + "------edge42--",
        part('Content-Disposition: form-data; name="number"') + "------edge42--epilogue",
        part('Content-Disposition: form-data; name="number"'),
        part('Content-Disposition: form-data; name="number"; name="other"') + "------edge42--",
        part('Content-Disposition: form-data; name="number"\r\nContent-Disposition: form-data; name="other"') + "------edge42--",
        part('Content-Disposition: form-data; name="number"\r\nContent-Transfer-Encoding: base64') + "------edge42--",
        part('Content-Disposition: form-data;\r\n name="number"') + "------edge42--",
        part('Content-Disposition: form-data; name="number"\r\nContent-Type: text/plain; charset=utf-16') + "------edge42--",
    ],
)
def test_a_multipart_body_that_parsers_could_read_differently_is_refused(body: str) -> None:
    assert refusal(body.encode(), MULTIPART_ENTRY, BOUNDARY) is EgressOutcome.BODY_NOT_READABLE


NESTED = (
    part('Content-Disposition: form-data; name="notes"{file}\r\nContent-Type: {type}', '--x\r\nContent-Disposition: attachment\r\n\r\nA')
    + part('Content-Disposition: form-data; name="number"') + part('Content-Disposition: form-data; name="z"', "--x--") + "------edge42--"
)  # fmt: skip
OPENED = ["multipart/mixed; boundary=x", "MULTIPART/form-data; boundary=x", "message/rfc822", "message/http", FORM, "multipart", "a/b;;"]


@pytest.mark.parametrize("file", ["", '; filename="n"'])
@pytest.mark.parametrize("media_type", OPENED)
def test_a_part_that_hides_the_boundary_of_the_numbers_is_refused(media_type: str, file: str) -> None:
    body = NESTED.format(file=file, type=media_type).encode()
    assert refusal(body, MULTIPART_ENTRY, BOUNDARY) is EgressOutcome.BODY_NOT_READABLE


@pytest.mark.parametrize(
    "media_type", ["text/plain", "image/png", "application/octet-stream", "application/vnd.x+json", "video/mp4; codecs=a"]
)
def test_a_file_of_any_other_kind_stands_beside_the_number(media_type: str) -> None:
    body = NESTED.format(file='; filename="n"', type=media_type).encode()
    assert swapped(body, MULTIPART_ENTRY, BOUNDARY).count(REAL.encode()) == 1


def test_a_file_is_never_swapped_even_under_the_registered_name() -> None:
    body = part('Content-Disposition: form-data; name="number"; filename="n.txt"') + "------edge42--"
    assert refusal(body.encode(), MULTIPART_ENTRY, BOUNDARY) is EgressOutcome.FIELD_MISMATCH


LITERAL = f'input: {{creditCard: {{number: "{SURROGATE}"}}}}'


@pytest.mark.parametrize(
    "query",
    [
        f"mutation {{ saveNote({LITERAL}) {{ id }} }}",
        f"mutation {{ tokenizeCreditCard: saveNote({LITERAL}) {{ id }} }}",
        f"query {{ tokenizeCreditCard({LITERAL}) {{ id }} }}",
        f"{{ tokenizeCreditCard({LITERAL}) {{ id }} }}",
        f"mutation {{ tokenizeCreditCard({LITERAL}) {{ id }} saveNote(x: 1) {{ id }} }}",
        f"mutation {{ tokenizeCreditCard({LITERAL}) {{ id }} ...Rest }} fragment Rest on Mutation {{ saveNote(x: 1) {{ id }} }}",
        f"mutation A {{ tokenizeCreditCard({LITERAL}) {{ id }} }} mutation B {{ saveNote(x: 1) {{ id }} }}",
        "mutation ($input: I!) { tokenizeCreditCard(input: $input) { id } other: saveNote(input: $input) { id } }",
        "mutation ($input: I!) { tokenizeCreditCard(input: $input) { id(x: $input) } }",
        f'mutation {{ tokenizeCreditCard(input: {{creditCard: {{number: "{SURROGATE}", number: "1"}}}}) {{ id }} }}',
        f'mutation {{ tokenizeCreditCard(input: {{creditCard: {{number: """{SURROGATE}"""}}}}) {{ id }} }}',
        f'mutation {{ tokenizeCreditCard(input: {{note: {{creditCard: {{number: "{SURROGATE}"}}}}}}) {{ id }} }}',
        "mutation",
        "mutation {",
        "",
    ],
)
def test_graphql_that_does_anything_else_is_refused(query: str) -> None:
    body = json.dumps({"query": query, "variables": {"input": {"creditCard": {"number": SURROGATE}}}}).encode()
    assert refusal(body, GRAPHQL_ENTRY) in (EgressOutcome.FIELD_MISMATCH, EgressOutcome.BODY_NOT_READABLE)


def test_a_persisted_query_or_a_batch_could_run_something_else_and_is_refused() -> None:
    good = {"query": f"mutation {{ tokenizeCreditCard({LITERAL}) {{ id }} }}"}
    assert swapped(json.dumps(good).encode(), GRAPHQL_ENTRY)
    for body in ({**good, "extensions": {"persistedQuery": {}}}, {**good, "id": "1"}, [good]):
        assert refusal(json.dumps(body).encode(), GRAPHQL_ENTRY) is EgressOutcome.FIELD_MISMATCH


def test_a_form_with_more_fields_than_any_checkout_is_refused() -> None:
    assert refusal(b"&" * 3_900_000 + f"card[number]={SURROGATE}".encode(), FORM_ENTRY) is EgressOutcome.BODY_NOT_READABLE


def test_a_body_as_large_as_allowed_is_read_without_walking_through_it() -> None:
    filling = "x" * 3_900_000
    assert swapped(f"{filling}=1&card[number]={SURROGATE}&a={filling[:9]}".encode(), FORM_ENTRY).count(REAL.encode()) == 1
    assert swapped(f"a={filling}&card[number]={SURROGATE}".encode(), FORM_ENTRY).count(REAL.encode()) == 1
    assert swapped(json.dumps({filling: filling[:9], "a": [filling[:9]], "card": {"number": SURROGATE}}).encode(), JSON_ENTRY)
    assert refusal(part(f"Content-Disposition: {' ' * 3_900_000}x").encode(), MULTIPART_ENTRY, BOUNDARY) is EgressOutcome.BODY_NOT_READABLE
    assert refusal(json.dumps({"card": {"number": filling}}).encode(), JSON_ENTRY) is EgressOutcome.FIELD_MISMATCH


@examples
@given(st.binary(max_size=300))
def test_no_body_makes_a_reader_fail_otherwise_than_by_refusing(body: bytes) -> None:
    for entry, header in (
        (FORM_ENTRY, FORM), (JSON_ENTRY, JSON), (GRAPHQL_ENTRY, JSON), (MULTIPART_ENTRY, BOUNDARY), (TEXT_ENTRY, TEXT),
    ):  # fmt: skip
        assert refusal(body, entry, header) in (EgressOutcome.FIELD_MISMATCH, EgressOutcome.BODY_NOT_READABLE)


@examples
@given(st.text(max_size=120))
def test_no_graphql_document_makes_the_reader_fail_otherwise(query: str) -> None:
    for text in (query, f"mutation {{ tokenizeCreditCard({query}) {{ id }} }}", f"mutation {query} {{ tokenizeCreditCard(input: $a) }}"):
        refusal(json.dumps({"query": text}).encode(), GRAPHQL_ENTRY)
