"""A processor whose answer hides the number in the wire format, or tries to be the answer of somebody else's payment."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from broker.protocol.egress import EgressOutcome
from tests.unit.egress.merchant import Received, answering
from tests.unit.egress.stand import Answered, Stand
from tests.unit.egress.values import REAL, SURROGATE

NUMBER = REAL.encode()
OK = b"HTTP/1.1 200 OK\r\n"


def sized(body: bytes, *headers: bytes) -> bytes:
    return OK + b"".join(header + b"\r\n" for header in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, *headers: bytes, trailer: bytes = b"", extension: bytes = b"") -> bytes:
    head = OK + b"".join(header + b"\r\n" for header in headers)
    return head + b"\r\n%x%s\r\n%s\r\n0\r\n%s\r\n" % (len(body), extension, body, trailer)


# What the page is shown, or None where the answer is withheld.
ANSWERS: dict[str, tuple[bytes, bytes | None]] = {
    "a transfer coding before chunked": (chunked(gzip.compress(NUMBER), b"Transfer-Encoding: gzip, chunked"), None),
    "a transfer coding in a header of its own": (
        chunked(gzip.compress(NUMBER), b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"),
        None,
    ),
    "a transfer coding alone": (OK + b"Transfer-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(NUMBER), None),
    "a trailer": (
        chunked(b"ok", b"Transfer-Encoding: chunked", b"Trailer: X-N", trailer=b"X-N: %s\r\nSet-Cookie: n=%s\r\n" % (NUMBER, NUMBER)),
        b"ok",
    ),
    "a chunk's extension": (chunked(b"ok", b"Transfer-Encoding: chunked", extension=b";n=" + NUMBER), b"ok"),
    "a folded header": (OK + b"X-N: 4242\r\n " + NUMBER[4:] + b"\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    "a header's name": (sized(b"ok", b"X-%s: 1" % NUMBER), b"ok"),
    "an early hint": (b"HTTP/1.1 103 Early Hints\r\nLink: </%s>\r\n\r\n" % NUMBER + sized(b"ok"), b"ok"),
    "a part of the file": (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 16\r\n\r\n" + NUMBER, SURROGATE.encode()),
    "another protocol": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + NUMBER, None),
    "two lengths": (OK + b"Content-Length: 2\r\nContent-Length: 16\r\n\r\n" + NUMBER, None),
    "a length and chunks": (chunked(NUMBER, b"Content-Length: 3", b"Transfer-Encoding: chunked"), None),
    "more than its length": (OK + b"Content-Length: 2\r\n\r\nok" + NUMBER, None),
    "a second answer behind it": (sized(b"ok") + sized(NUMBER), b"ok"),
    "no header at all": (NUMBER + b"\r\n\r\n", None),
    "a zero byte in a header": (sized(b"ok", b"X-N: \x00" + NUMBER), None),
    "two members of gzip": (
        sized(gzip.compress(NUMBER[:7]) + gzip.compress(b"") + gzip.compress(NUMBER[7:]), b"Content-Encoding: gzip"),
        SURROGATE.encode(),
    ),
    "gzip that does not compress": (sized(gzip.compress(NUMBER, 0), b"Content-Encoding: gzip"), SURROGATE.encode()),
    "plain bytes behind gzip": (sized(gzip.compress(b"ok") + NUMBER, b"Content-Encoding: gzip"), None),
    "plain bytes behind deflate": (sized(zlib.compress(b"ok") + NUMBER, b"Content-Encoding: deflate"), b"ok"),
    "a coding that is not there": (sized(NUMBER, b"Content-Encoding: gzip"), None),
    "an empty coding": (sized(NUMBER, b"Content-Encoding: , identity"), SURROGATE.encode()),
    "a redirect's address": (
        b"HTTP/1.1 302 Found\r\nLocation: /x?n=%s\r\nContent-Length: 0\r\n\r\n" % b"".join(b"%%253%c" % digit for digit in NUMBER),
        b"",
    ),
}  # fmt: skip
_WITHHELD = (EgressOutcome.RESPONSE_NOT_SCRUBBABLE, EgressOutcome.MAY_HAVE_BEEN_CHARGED)


def shown(answered: Answered) -> str:
    """All that a browser would get of it: without a good end it gets nothing."""
    return repr((answered.head, answered.body)) if answered.outcome is EgressOutcome.SWAPPED else ""


@pytest.mark.parametrize("name", ANSWERS)
async def test_the_page_sees_no_number_and_the_next_payment_gets_its_own_answer(stand: Stand, name: str) -> None:
    raw, expected = ANSWERS[name]

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        assert NUMBER in received.body  # the merchant has it
        writer.write(raw)
        await writer.drain()
        if b"Connection: close" in raw:
            raise ConnectionError

    stand.merchant.answer = answer
    answered = await stand.send(await stand.arm())
    digits = shown(answered).replace("\\r\\n ", "").replace("%253", "")
    assert REAL not in digits
    assert NUMBER.hex() not in answered.body.hex()
    if expected is None:
        assert answered.outcome in _WITHHELD
        assert answered.end.may_have_been_charged
    else:
        assert (answered.outcome, answered.body) == (EgressOutcome.SWAPPED, expected)
    stand.merchant.answer = answering(b"yours")
    assert (await stand.paid()).body == b"yours"


async def test_a_number_in_pieces_is_not_recognised(stand: Stand) -> None:
    """A limit that THREAT_MODEL.md states: whoever gives the number out in pieces gives it out."""
    stand.merchant.answer = answering(f'{{"a":"{REAL[:8]}","b":"{REAL[8:]}"}}'.encode())
    assert REAL[:8].encode() in (await stand.paid()).body
