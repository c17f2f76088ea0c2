"""``multipart/form-data`` (RFC 7578) exactly as browsers write it; anything looser is refused.

Preambles, folded headers, transfer encodings, repeated parameters and parts that some parsers open
(a multipart in a multipart, a message, a form) are where parsers disagree, and a browser sends none of them.
So is a boundary inside a part: Python's `cgi` also ends a part at one after a bare line feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from broker.egress.bodies.content_type import ContentType
from broker.egress.bodies.names import folded
from broker.egress.bodies.text import Field, verbatim
from broker.egress.refusal import body_not_readable

# Of the characters that RFC 2046 allows those that browsers use, and no word by which a server may choose how to read a body.
_BOUNDARY = re.compile(r"(?!.*(?:urlencoded|octet-stream|multipart))[0-9A-Za-z'+_.-]{1,70}", re.IGNORECASE)
_DISPOSITION = re.compile(r'form-data; name="([^"\r\n]*)"(; filename="[^"\r\n]*")?', re.IGNORECASE)
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]*([^\r\n]*?)[ \t]*")

_LONGEST_HEAD = 4_096
# What Python's `cgi` and its like read by itself, past our boundaries.
_OPENED = re.compile(r"(?:multipart|message)/.*|application/x-www-form-urlencoded")


def fields(raw: str, content_type: ContentType) -> Iterator[Field]:
    """Every field that is not a file, with its value. `raw` is the body as Latin-1."""
    boundary = content_type.parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise body_not_readable()
    names: dict[bool, set[str]] = {False: set(), True: set()}
    for start, end in _parts(raw, boundary):
        head_end = raw.find("\r\n\r\n", start, min(end, start + _LONGEST_HEAD))
        if head_end < 0:
            raise body_not_readable()
        name, is_file = _named(raw[start:head_end])
        names[is_file].add(folded(name))
        if not is_file:
            yield name, partial(verbatim, raw, head_end + 4, end)
    if names[True] & names[False]:
        raise body_not_readable()  # what makes a part a file to us (a file name) is not what makes it one to every server


def _parts(raw: str, boundary: str) -> Iterator[tuple[int, int]]:
    delimiter = f"--{boundary}"
    if not raw.startswith(f"{delimiter}\r\n"):
        raise body_not_readable()
    start = len(delimiter) + 2
    while True:
        end = raw.find(f"\r\n{delimiter}", start)
        after = end + 2 + len(delimiter)
        if end < 0 or raw.find(delimiter, start, end) >= 0:
            raise body_not_readable()
        yield start, end
        if raw[after : after + 2] == "\r\n":
            start = after + 2
        elif raw[after:] in ("--", "--\r\n"):
            return
        else:
            raise body_not_readable()


def _named(head: str) -> tuple[str, bool]:
    """The name of a part, and whether it is a file."""
    headers: dict[str, str] = {}
    for line in head.split("\r\n"):
        match = _HEADER.fullmatch(line)
        if match is None or match[1].lower() in headers:
            raise body_not_readable()
        headers[match[1].lower()] = match[2]
    disposition = _DISPOSITION.fullmatch(headers.pop("content-disposition", ""))
    if disposition is None or headers.keys() - {"content-type"}:
        raise body_not_readable()
    content_type = ContentType.parse(headers.get("content-type", "text/plain"))
    if _OPENED.fullmatch(content_type.media_type):
        raise body_not_readable()
    if not disposition[2]:
        content_type.require_ascii_compatible()
    return disposition[1], bool(disposition[2])
