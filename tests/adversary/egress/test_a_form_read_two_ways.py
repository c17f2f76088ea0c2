"""A page words its form so that some server finds the number, or the account, elsewhere than where they were judged."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import pytest

from broker.egress.refusal import RefusedError
from broker.protocol.processors import FORM, JSON, MULTIPART, TEXT
from tests.unit.egress.test_bodies import endpoint, swapped
from tests.unit.egress.values import REAL, SURROGATE

MULTIPART_ENTRY, TEXT_ENTRY, JSON_ENTRY = endpoint(MULTIPART, "number"), endpoint(TEXT, "number"), endpoint(JSON, "/number")


def part(name: str, value: str, boundary: str = "B") -> str:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def sent(body: str, header: str = f"{MULTIPART}; boundary=B") -> str | None:
    """The body with the real number in it; None when none is sent."""
    try:
        return swapped(body.encode(), MULTIPART_ENTRY, header).decode()
    except RefusedError:
        return None


def loosely_read(body: str, header: str) -> dict[str, str]:
    """Fields as such a server finds them: the boundary after the first such word (PHP, multiparty), lines that end in a line feed (cgi)."""
    found = re.search(r'boundary="?([^";,]+)', header)
    assert found
    fields: dict[str, str] = {}
    for piece in re.split(rf"(?:^|\n)--{re.escape(found[1])}(?:--)?\r?\n", body)[1:-1]:
        head, _, value = piece.partition("\r\n\r\n")
        name = re.search(r'name="([^"]*)"', head)
        assert name
        fields[name[1]] = value.removesuffix("\r")
    return fields


TWO_BOUNDARIES = part("x", "\r\n" + part("address2", "", "A").removesuffix("\r\n")) + part("number", SURROGATE) + part("y", "\r\n--A--")


@pytest.mark.parametrize("parameters", ["xboundary=A; boundary=B", "boundary=B; xboundary=A", "boundary=B; charset=utf-8; a=b"])
def test_a_second_boundary_in_the_content_type_would_put_the_number_into_another_field(parameters: str) -> None:
    body, header = TWO_BOUNDARIES + "--B--\r\n", f"{MULTIPART}; {parameters}"
    assert sent(body, header) is None
    assert sent(body) is not None, "nothing else is wrong with it"


def test_the_other_reader_finds_the_number_in_the_address() -> None:
    """The control."""
    read = loosely_read((TWO_BOUNDARIES + "--B--\r\n").replace(SURROGATE, REAL), f"{MULTIPART}; xboundary=A; boundary=B")
    assert REAL in read["address2"]
    assert "number" not in read


@pytest.mark.parametrize("end", ["\n", "\r", " ", ""])
def test_a_boundary_inside_a_part_is_the_end_of_it_to_some(end: str) -> None:
    body = part("key", "shop") + part("note", f"x{end}{part('key', 'thief')[:-2]}") + part("number", SURROGATE) + "--B--"
    assert sent(body) is None
    assert end != "\n" or loosely_read(body, "boundary=B")["key"] == "thief", "the control"


@pytest.mark.parametrize("end", ["\n", "\r", "\n\r"])
def test_a_line_of_text_that_only_some_end(end: str) -> None:
    assert swapped(f"number={SURROGATE}\r\nkey=shop\r\n".encode(), TEXT_ENTRY)
    with pytest.raises(RefusedError):
        swapped(f"number={SURROGATE}\r\nkey=shop\r\nnote=x{end}key=thief\r\n".encode(), TEXT_ENTRY)


@pytest.mark.parametrize("file", ['; filename=""', '; filename="a.txt"', '; filename="a.txt"\r\nContent-Type: text/plain'])
def test_a_file_under_the_name_of_a_field_is_a_field_to_some(file: str) -> None:
    """formidable goes by the part's content type, cgi takes both."""
    hidden = part("key", "thief").replace('"key"', f'"key"{file}')
    assert sent(part("other", "shop") + hidden + part("number", SURROGATE) + "--B--") is not None
    assert sent(part("key", "shop") + hidden + part("number", SURROGATE) + "--B--") is None


@pytest.mark.parametrize("header", [f"{JSON}; a=urlencoded", f"{JSON}; multipart=1; boundary=A", f'{JSON}; a="{FORM}"'])
def test_a_word_in_the_content_type_would_have_some_read_json_as_a_form(header: str) -> None:
    """formidable looks for "urlencoded" and "multipart" before it looks for "json"."""
    body = json.dumps({"note": "&address2=", "number": SURROGATE})
    assert REAL in dict(parse_qsl(swapped(body.encode(), JSON_ENTRY).decode()))["address2"], "the control"
    with pytest.raises(RefusedError):
        swapped(body.encode(), JSON_ENTRY, header)


@pytest.mark.parametrize("boundary", ["x-urlencoded", "URLencoded", "xboundary=A", "a/json", "octet-stream"])
def test_such_a_word_in_the_boundary(boundary: str) -> None:
    body, header = part("note", "&address2=", boundary) + part("number", SURROGATE, boundary), f'{MULTIPART}; boundary="{boundary}"'
    assert sent(f"{body}--{boundary}--", header) is None
    assert sent(
        f"{body}--{boundary}--".replace(boundary, "----WebKitFormBoundary7Ma4"), f"{MULTIPART}; boundary=----WebKitFormBoundary7Ma4"
    )
