"""A page words its GraphQL so that the server finds the number in another argument than the one that was judged."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSyntaxError,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    parse,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.egress.bodies import ContentType, locate, open_body
from broker.egress.refusal import RefusedError
from broker.protocol.processors import JSON, Endpoint, bundled_processors
from tests.unit.egress.values import CODE, REAL, STAND_IN, SURROGATE, SURROGATE_CODE

BRAINTREE: Endpoint = next(entry for entry in bundled_processors() if isinstance(entry, Endpoint) and entry.id == "braintree-graphql")
PATH = ("input", "creditCard", "number")
NUMBER = f'"{SURROGATE}"'
VARIABLES = {"input": {"creditCard": {"number": SURROGATE, "cvv": SURROGATE_CODE}}, "card": {"number": SURROGATE}, "n": SURROGATE}


def sent(query: str, variables: object = None) -> bytes | None:
    """The body with the real values in it; None when none is sent."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    try:
        return locate(open_body(body, ContentType.parse(JSON), BRAINTREE), BRAINTREE, STAND_IN).replaced(REAL, CODE)
    except RefusedError:
        return None


def root_field(document: DocumentNode) -> FieldNode:
    """The only field of the only operation, as a reader by the specification finds it."""
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    (field,) = operation.selection_set.selections
    assert operation.operation.value == "mutation"
    assert isinstance(field, FieldNode)
    assert field.name.value == "tokenizeCreditCard"
    assert not operation.directives
    assert not field.directives
    return field


def at_path(field: FieldNode) -> tuple[ValueNode, tuple[str, ...]]:
    """What that reader finds at the registered path, and what of the path is left when it is a variable."""
    named: dict[str, list[ValueNode]] = {}
    for argument in field.arguments or ():
        named.setdefault(argument.name.value, []).append(argument.value)
    for depth, name in enumerate(PATH):
        (value,) = named[name]
        if not isinstance(value, ObjectValueNode):
            return value, PATH[depth + 1 :]
        named = {}
        for member in value.fields:
            named.setdefault(member.name.value, []).append(member.value)
    raise AssertionError("an object where the number should be")


def inside(value: object) -> Iterator[str]:
    """All texts in a JSON value, names included."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from inside(item)
    elif isinstance(value, list):
        for item in value:
            yield from inside(item)
    else:
        yield str(value)


def the_server_finds_the_number_where_it_was_judged(body: bytes) -> None:
    message = json.loads(body)
    document = parse(message["query"])
    value, rest = at_path(root_field(document))
    if isinstance(value, StringValueNode):
        assert (value.value, value.block, rest) == (REAL, False, ())
        assert message["query"].count(REAL) == 1
        assert all(REAL not in text for text in inside(message["variables"]))
        return
    assert isinstance(value, VariableNode)
    found = message["variables"][value.name.value]
    for name in rest:
        found = found[name]
    assert found == REAL
    assert REAL not in message["query"]
    assert sum(text.count(REAL) for text in inside(message["variables"])) == 1
    assert message["query"].count(f"${value.name.value}") <= 2, "its definition and this use"


def document(arguments: str, head: str = "mutation", rest: str = "{ token } }", after: str = "") -> str:
    return f"{head} {{ tokenizeCreditCard({arguments}) {rest}{after}"


HONEST = {
    "a literal": document(f"input: {{creditCard: {{number: {NUMBER}, cvv: \"{SURROGATE_CODE}\"}}}}"),
    "a variable": document("input: $input", "mutation T($input: TokenizeCreditCardInput!)"),
    "a variable further in": document('input: {options: {x: [1, -2.5e3, A, "ö"]}, creditCard: $card}', "mutation ($card: C)"),
    "a variable for the number": document("input: {creditCard: {number: $n}}", "mutation T($n: String = \"1\", $x: [Int!]! = [1 2])"),
    "fragments": document(f"input: {{creditCard: {{number: {NUMBER}}}}}", rest="{ a: token ...F ... on P { id } ... { id } } }",
                          after=" fragment F on P { id }"),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_what_a_client_sends_is_read_as_the_server_reads_it(name: str) -> None:
    body = sent(HONEST[name], VARIABLES if "$" in HONEST[name] else None)
    assert body is not None
    the_server_finds_the_number_where_it_was_judged(body)


def test_the_document_that_braintrees_own_client_sends_is_read() -> None:
    query = """mutation TokenizeCreditCard($input: TokenizeCreditCardInput!) {   tokenizeCreditCard(input: $input) {     token
        creditCard {       bin       brandCode       last4       binData {         prepaid         countryOfIssuance       }     }   } }"""
    body = sent(query, VARIABLES)
    assert body is not None
    the_server_finds_the_number_where_it_was_judged(body)


HIDING = {
    "a block string that ends in a backslash": document(
        f'input: {{creditCard: {{cardholderName: """\\"""", number: {NUMBER}, x: """, number: "4000056655665556", cvv: "123" #"""\n'
        ', expirationYear: "2030"}}'
    ),
    "a block string that holds three quotes": document(f'input: {{creditCard: {{a: """\\"""", number: {NUMBER} #"""\n}}}}'),
    "a block string": document(f'input: {{creditCard: {{number: {NUMBER}, x: """a"""}}}}'),
    "the number in a block string": document(f'input: {{creditCard: {{number: """{SURROGATE}"""}}}}'),
    "an empty string before a string": document(f'input: {{creditCard: {{x: ["" "a"], y: """", number: {NUMBER}}}}}'),
    "a comment": document(f"input: {{creditCard: {{number: {NUMBER} # }}\n}}}}"),
    "a comment that ends where only some say so": document(f'input: {{creditCard: {{# \u2028 number: {NUMBER}\n number: "1"}}}}'),
    "an escaped quote": document(f'input: {{creditCard: {{x: "\\", number: {NUMBER}, y: "", z: "\\""}}}}'),
    "a braced escape": document(f'input: {{creditCard: {{x: "\\u{{22}}", number: {NUMBER}}}}}'),
    "an escape of four digits": document(f'input: {{creditCard: {{x: "\\u0022, y: ", number: {NUMBER}}}}}'),
    "half of a pair": document(f'input: {{creditCard: {{x: "\ud83d", number: {NUMBER}}}}}'),
    "a byte order mark": "\ufeff" + HONEST["a literal"],
    "a byte order mark between": HONEST["a literal"].replace(", cvv", "\ufeff cvv"),
    "a line that only some end": document(f'input: {{creditCard: {{x: "a\u2029", number: {NUMBER}}}}}'),
    "a line end inside a string": document(f'input: {{creditCard: {{x: "a\n", number: {NUMBER}}}}}'),
    "a space that only some know": document(f"input: {{creditCard: {{\u00a0number: {NUMBER}}}}}"),
    "a vertical tab": document(f"input: {{creditCard: {{\u000bnumber: {NUMBER}}}}}"),
    "a number that runs into a name": document(f"input: {{creditCard: {{x: 1number: {NUMBER}}}}}"),
    "a number with a zero before it": document(f"input: {{creditCard: {{x: 01, number: {NUMBER}}}}}"),
    "a number that is not one": document(f"input: {{creditCard: {{x: 1.e, number: {NUMBER}}}}}"),
    "the number as a number": document(f"input: {{creditCard: {{number: {SURROGATE}}}}}"),
    "a string without end": document(f'input: {{creditCard: {{number: {NUMBER}, x: "}}}}'),
    "a directive on the field": document("input: $input", "mutation T($input: I!)", "@include(if: false) { token } }"),
    "a directive on the operation": document("input: $input", "mutation T($input: I!) @x"),
    "a directive on the variable": document("input: $input", "mutation T($input: I! @x)"),
    "a selection with arguments": document("input: $input", "mutation T($input: I!)", "{ token(x: 1) } }"),
    "a second field": document("input: $input", "mutation T($input: I!)", "{ token } saveNote(x: 1) { id } }"),
    "a second operation": HONEST["a literal"] + " query Q { a }",
    "a second operation without a name": HONEST["a literal"] + " { a }",
    "a schema": HONEST["a literal"] + " extend type Mutation { a: String }",
    "a spread beside the field": document("input: $input", "mutation T($input: I!)", "{ token } ...F }", " fragment F on M { a }"),
    "an argument given twice": document(f'input: {{creditCard: {{number: {NUMBER}}}}}, input: {{creditCard: {{number: "1"}}}}'),
    "a member given twice": document(f'input: {{creditCard: {{number: {NUMBER}}}, creditCard: {{number: "1"}}}}'),
    "a member given twice elsewhere": document(f"input: {{creditCard: {{number: {NUMBER}, x: {{y: 1, y: 2}}}}}}"),
    "a variable used twice": document("input: $input, note: $input", "mutation T($input: I!)"),
    "a variable that is not defined": document("input: $input"),
    "a variable defined twice": document("input: $input", "mutation T($input: I!, $input: J!)"),
    "a default that is a variable": document("input: $input", "mutation T($input: I! = $n, $n: I)"),
    "a variable inside a list": document("input: [$input]", "mutation T($input: I!)"),
    "a value without end": document("input: " + "[" * 2_000, "mutation"),
    "selections without end": document("input: $input", "mutation T($input: I!)", "{ a " * 2_000),
    "types without end": document("input: $input", "mutation T($input: " + "[" * 2_000 + ")"),
}


@pytest.mark.parametrize("name", HIDING)
def test_a_document_that_is_not_plainly_understood_is_not_swapped(name: str) -> None:
    assert sent(HIDING[name], VARIABLES if "$" in HIDING[name] else None) is None


PIECES = [
    '"', '"""', '\\', '\\"""', '\\"', "#", "\n", "\r", " ", ",", "\t", "\ufeff", "\u2028", "{", "}", "(", ")", "[", "]", ":", "$", "!",
    "=", "...", "@", "|", "&", "number", "number:", NUMBER, "number: \"1\"", "input", "creditCard", "on", "fragment", "mutation", "query",
    "null", "1", "-1.5", "01", "1a", "x: 1", 'x: ""', 'x: "a"', "$input", "$n", "x: $n", "tokenizeCreditCard", "saveNote", "\\u{22}",
    "\\u0022", "ö",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(" ".join) | st.lists(st.sampled_from(PIECES), max_size=6).map(
    "".join
)
places = st.floats(0, 1, exclude_max=True)


spaces = st.sampled_from([" ", "  ", "\n", ", ", "\t", "\r\n"])
identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True).filter(lambda name: name not in ("on", *PATH))
plain_texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("C", "Zl", "Zp"), exclude_characters='"\\\ufeff'), max_size=8)
plain_values = st.recursive(
    st.sampled_from(["0", "-12", "1.5e-3", "true", "null", "A_B", '""']) | plain_texts.map(lambda text: f'"{text}"'),
    lambda inner: (
        st.tuples(spaces, st.lists(inner, max_size=3)).map(lambda made: f"[{made[0].join(made[1])}]")
        | st.tuples(spaces, st.dictionaries(identifiers, inner, max_size=3)).map(
            lambda made: "{" + made[0].join(f"{name}:{value}" for name, value in made[1].items()) + "}"
        )
    ),
    max_leaves=6,
)
members = st.dictionaries(identifiers, plain_values, max_size=3)


@settings(deadline=None, max_examples=300)
@given(members, members, st.sampled_from([NUMBER, "$n"]), spaces, identifiers, st.integers(0, 3))
def test_every_plainly_written_document_is_read_as_the_server_reads_it(
    beside: dict[str, str], around: dict[str, str], number: str, space: str, alias: str, place: int
) -> None:
    def written(others: dict[str, str], name: str, value: str) -> str:
        pairs = [f"{other}:{space}{given}" for other, given in others.items()]
        pairs.insert(place, f"{name} :{value}")
        return space.join(pairs)

    card = "{" + written(beside, "number", number) + "}"
    arguments = written(around, "input", "{" + written(beside, "creditCard", card) + "}")
    head = f"mutation {alias} ($n : [String!]! = {'{'}{'}'} )" if number == "$n" else "mutation"
    query = f"{head}{space}{{{alias}:tokenizeCreditCard({arguments}){{{alias}{space}...{{id}}}}}}"
    body = sent(query, VARIABLES if number == "$n" else None)
    assert body is not None
    the_server_finds_the_number_where_it_was_judged(body)


@settings(deadline=None, max_examples=2_000)
@given(
    st.sampled_from(sorted(HONEST.values())),
    st.lists(st.tuples(places, st.sampled_from([0, 0, 1, 3, 12]), pieces), max_size=2),
    st.booleans(),
)
def test_whatever_is_sent_the_server_finds_the_number_where_it_was_judged(
    query: str, edits: list[tuple[float, int, str]], variables: bool
) -> None:
    for place, taken_out, put_in in edits:
        gaps = [at for at, character in enumerate(query) if character in " ,:(){}[]"]
        at = gaps[int(place * len(gaps))] if gaps else 0
        query = query[:at] + put_in + query[at + taken_out :]
    body = sent(query, VARIABLES if variables else None)
    if body is not None:
        the_server_finds_the_number_where_it_was_judged(body)


def test_the_other_reader_sees_the_number_elsewhere_in_what_is_refused() -> None:
    """The control: what the specification says of the worst document above, and that the check would say so."""
    query = HIDING["a block string that ends in a backslash"].replace(SURROGATE, REAL)
    value, _ = at_path(root_field(parse(query)))
    assert isinstance(value, StringValueNode)
    assert value.value == "4000056655665556"
    with pytest.raises(AssertionError):
        the_server_finds_the_number_where_it_was_judged(json.dumps({"query": query, "variables": None}).encode())
    with pytest.raises(GraphQLSyntaxError):
        parse(HIDING["a string without end"])
