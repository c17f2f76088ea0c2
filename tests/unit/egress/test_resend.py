"""A payment request goes out once with the real values, and the answer comes back without them."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import pytest

from broker.core.canonical import unb64u
from broker.egress.content_coding import Decoding
from broker.protocol.egress import CHUNK, Chunk, EgressOutcome, End, Head
from tests.unit.egress.merchant import Received, answering
from tests.unit.egress.stand import FORM_BODY, Stand
from tests.unit.egress.values import CODE, REAL, SURROGATE, SURROGATE_CODE


def real_values(body: bytes) -> bytes:
    return body.replace(SURROGATE.encode(), REAL.encode()).replace(SURROGATE_CODE.encode(), CODE.encode())


async def test_the_merchant_gets_the_real_values_and_the_page_sees_the_surrogate(stand: Stand) -> None:
    stand.merchant.answer = answering(
        f'{{"number":"{REAL}"}}'.encode(), "Content-Type: application/json", f"Set-Cookie: n={REAL}", "Set-Cookie: b=2"
    )
    answered = await stand.paid()
    assert stand.merchant.received[0].body == FORM_BODY.replace(SURROGATE.encode(), REAL.encode()).replace(
        SURROGATE_CODE.encode(), CODE.encode()
    )
    assert answered.head is not None
    assert answered.head.status == 200
    assert answered.body == f'{{"number":"{SURROGATE}"}}'.encode()
    assert answered.header("set-cookie") == [f"n={SURROGATE}", "b=2"]
    assert answered.end.fields == ("number", "securityCode")
    assert answered.end.entry == "taught-form"
    assert answered.end.may_have_been_charged


async def test_a_small_answer_comes_whole_with_its_end(stand: Stand) -> None:
    stand.merchant.answer = answering(b"done", "X-Order: 17")
    items = [item async for item in stand.client.send(stand.request(await stand.arm()))]
    assert [type(item) for item in items] == [End]
    assert isinstance(items[0], End)
    assert items[0].answer is not None
    assert unb64u(items[0].answer.data) == b"done"


async def test_a_slow_or_large_answer_is_handed_on_as_it_comes(stand: Stand) -> None:
    large = bytes(CHUNK + 1)

    async def slowly(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndo")
        await writer.drain()
        await asyncio.wait_for(handed_on.wait(), 10)
        writer.write(b"ne")
        await writer.drain()

    for answer, body in ((slowly, b"done"), (answering(large), large)):
        handed_on = asyncio.Event()
        stand.merchant.answer = answer
        kinds, came = [], b""
        async for item in stand.client.send(stand.request(await stand.arm())):
            kinds.append(type(item))
            came += unb64u(item.data) if isinstance(item, Chunk) else b""
            handed_on.set()
        assert (kinds[0], kinds[-1], came) == (Head, End, body)


async def test_every_body_kind_reaches_its_endpoint(stand: Stand) -> None:
    document = "mutation T($input: TokenizeCreditCardInput!) { tokenizeCreditCard(input: $input) { token } }"
    cases = [
        ("json-pay.localhost", "/v1/tokens", "application/json", json.dumps({"card": {"number": SURROGATE, "cvc": SURROGATE_CODE}})),
        (
            "graphql-pay.localhost", "/graphql", "application/json; charset=utf-8",
            json.dumps({"query": document, "variables": {"input": {"creditCard": {"number": SURROGATE, "cvv": SURROGATE_CODE}}}}),
        ),
        (
            "multipart-pay.localhost", "/pay", "multipart/form-data; boundary=x",
            f'--x\r\nContent-Disposition: form-data; name="cardnumber"\r\n\r\n{SURROGATE}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="cvc"\r\n\r\n{SURROGATE_CODE}\r\n--x--\r\n',
        ),
        (
            "worker-pay.localhost", "/v1/charges", "application/json",
            json.dumps({"payments": [{"card": {"number": SURROGATE, "cvc": SURROGATE_CODE}}]}),
        ),
    ]  # fmt: skip
    for host, path, content_type, body in cases:
        credentials = (("Authorization", "Bearer pk_1"),) if host.startswith(("json", "graphql")) else ()
        headers = (("Content-Type", content_type), *credentials)
        await stand.paid(stand.merchant.url(host, path), body.encode(), headers=headers)
        assert stand.merchant.received[-1].body == real_values(body.encode())


async def test_the_charset_of_a_body_is_kept(stand: Stand) -> None:
    content_type, body = "application/x-www-form-urlencoded; charset=ISO-8859-1", FORM_BODY + "&city=München".encode("latin-1")
    await stand.paid(None, body, content_type)
    assert stand.merchant.received[0].header("content-type") == [content_type]
    assert stand.merchant.received[0].body == real_values(body)


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("gzip, deflate", lambda data: zlib.compress(gzip.compress(data))),
        ("identity", lambda data: data),
    ],
)
async def test_a_coded_answer_is_delivered_decoded_and_scrubbed(stand: Stand, coding: str, encode) -> None:
    stand.merchant.answer = answering(encode(b"x" * 100_000 + REAL.encode()), f"Content-Encoding: {coding}")
    answered = await stand.paid()
    assert answered.body == b"x" * 100_000 + SURROGATE.encode()
    assert answered.header("content-encoding") == []
    assert answered.header("content-length") == []


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "made-up"])
async def test_an_answer_nobody_can_decode_is_withheld(stand: Stand, coding: str) -> None:
    stand.merchant.answer = answering(b"\x01\x02", f"Content-Encoding: {coding}")
    answered = await stand.send(await stand.arm())
    assert answered.outcome is EgressOutcome.RESPONSE_NOT_SCRUBBABLE
    assert answered.end.may_have_been_charged
    assert answered.head is None


async def test_a_damaged_coding_is_never_reported_as_complete(stand: Stand) -> None:
    for data in (gzip.compress(b"x" * 500)[:-9], b"not gzip"):
        stand.merchant.answer = answering(data, "Content-Encoding: gzip")
        assert (await stand.send(await stand.arm())).outcome is EgressOutcome.RESPONSE_NOT_SCRUBBABLE


@pytest.mark.parametrize("wbits", [-15, 15, 31])
def test_what_zlib_still_holds_when_its_input_has_ended_is_delivered(wbits: int) -> None:
    for size in range(131_072, 131_072 + 260):
        encoder = zlib.compressobj(9, wbits=wbits)
        decoding = Decoding(["gzip" if wbits == 31 else "deflate"])
        coded = encoder.compress(b"a" * size) + encoder.flush()
        assert sum(map(len, decoding.feed(coded))) == size
        decoding.finish()


async def test_only_codings_we_can_undo_are_offered(stand: Stand) -> None:
    await stand.paid(headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept-Encoding", "br, zstd")))
    assert stand.merchant.received[0].header("accept-encoding") == ["gzip, deflate"]


async def test_status_reason_and_errors_of_the_merchant_come_through(stand: Stand) -> None:
    stand.merchant.answer = answering(b"declined", "Content-Type: text/plain", status=f"402 Declined {REAL}")
    answered = await stand.paid()
    assert answered.head is not None
    assert (answered.head.status, answered.head.reason) == (402, f"Declined {SURROGATE}")


async def test_a_303_is_handed_to_the_browser_as_it_is(stand: Stand) -> None:
    stand.merchant.answer = answering(b"", f"Location: /done?n={REAL}", status="303 See Other")
    answered = await stand.paid()
    assert answered.header("location") == [f"/done?n={SURROGATE}"]
    assert len(stand.merchant.received) == 1


async def test_an_armed_release_works_once(stand: Stand) -> None:
    release = await stand.arm()
    assert (await stand.send(release)).outcome is EgressOutcome.SWAPPED
    assert (await stand.send(release)).outcome is EgressOutcome.SWAP_ALREADY_USED
    assert len(stand.merchant.received) == 1


async def test_an_armed_release_ends_with_its_decision(stand: Stand) -> None:
    release = await stand.arm()
    stand.clock.now += 120_000
    answered = await stand.send(release)
    assert answered.outcome is EgressOutcome.EXPIRED
    assert not answered.end.may_have_been_charged


async def test_a_disarmed_release_sends_nothing(stand: Stand) -> None:
    release = await stand.arm()
    assert await stand.client.disarm(release)
    assert not await stand.client.disarm(release)
    assert (await stand.send(release)).outcome is EgressOutcome.EXPIRED
    assert stand.merchant.received == []


async def test_a_merchant_that_cannot_be_reached_may_be_tried_again_under_the_same_decision(stand: Stand) -> None:
    release = await stand.arm()
    good = stand.merchant.url("form-pay.localhost", "/pay/acct_1")
    answered = await stand.send(release, "https://form-pay.localhost:1/pay/acct_1")
    assert answered.outcome is EgressOutcome.MERCHANT_UNREACHABLE
    assert not answered.end.may_have_been_charged
    assert (await stand.send(release, good)).outcome is EgressOutcome.SWAPPED


async def test_the_page_of_another_tab_gets_nothing(stand: Stand) -> None:
    release = await stand.arm()
    for changes in ({"top_origin": "https://evil.example"}, {"frame_origin": "https://ads.example"}):
        assert (await stand.send(release, **changes)).outcome is EgressOutcome.ORIGIN_MISMATCH
    assert stand.merchant.received == []


async def test_hosted_fields_pay_from_their_own_frame_only_where_it_was_approved(stand: Stand) -> None:
    frame, body, shop = "https://hosted-fields.localhost", FORM_BODY + b"&key=pk_1", "https://another.example"
    url, there = stand.merchant.url("hosted-pay.localhost", "/v1/payment_methods"), {"top_origin": shop, "frame_origin": frame}
    refused = await stand.send(await stand.arm(origin=shop), url, body, **there)
    assert refused.outcome is EgressOutcome.NOT_REGISTERED
    allowed = await stand.send(await stand.arm(origin=shop, frames=(frame,)), url, body, **there)
    assert allowed.outcome is EgressOutcome.SWAPPED
    assert stand.merchant.received[0].header("origin") == [frame]
    assert stand.merchant.received[0].header("sec-fetch-site") == ["cross-site"]


async def test_a_checkout_that_encrypts_in_the_page_is_named(stand: Stand) -> None:
    frame = "https://encrypting-pay.localhost"
    answered = await stand.send(
        await stand.arm(frames=(frame,)),
        stand.merchant.url("shop.localhost", "/encrypted"),
        b'{"encryptedCardNumber":"x"}',
        frame_origin=frame,
    )
    assert answered.outcome is EgressOutcome.CLIENT_SIDE_ENCRYPTED


async def test_health_names_the_key_and_what_is_armed(stand: Stand) -> None:
    await stand.arm()
    health = await stand.client.health()
    assert health.armed == 1
    assert health.sandbox
    assert "stripe-tokens" in health.entries
