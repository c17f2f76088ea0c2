"""A processor that echoes, stalls, floods or lies about its answer; and an egress that dies while one is awaited."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.egress.client import EgressClient
from broker.egress.settings import Limits
from broker.egress.taught import write_taught
from broker.protocol.egress import EgressOutcome, Fault, Head
from tests.unit.egress.merchant import Answer, Received, answering
from tests.unit.egress.process import connected, own_process, start
from tests.unit.egress.stand import Stand, standing
from tests.unit.egress.values import CODE, REAL, SURROGATE, SURROGATE_CODE, arm, decision, taught_as

ECHOES: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "spaced": lambda n: f"{n[:4]} {n[4:8]} {n[8:12]} {n[12:]}".encode(),
    "percent": lambda n: "".join(f"%{ord(c):x}" for c in n).encode(),
    "HTML": lambda n: "".join(f"&#{ord(c)};" for c in n).encode(),
    "JSON": lambda n: "".join(f"\\u{ord(c):04x}" for c in n).encode(),
    "base64": lambda n: base64.b64encode(f'{{"pan":"{n}"}}'.encode()),
    "base64url": lambda n: base64.urlsafe_b64encode(f"?{n}".encode()),
    "hexadecimal": lambda n: n.encode().hex().upper().encode(),
    "reversed": lambda n: n[::-1].encode(),
    "UTF-16": lambda n: n.encode("utf-16"),
}


@pytest.mark.parametrize("form", ECHOES)
async def test_an_echo_shows_the_surrogate_instead(stand: Stand, form: str) -> None:
    echo = ECHOES[form]

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        assert REAL.encode() in received.body  # the spy works: the merchant has the number
        for piece in (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            *(b"1\r\n%c\r\n" % byte for byte in echo(REAL)),
            b"0\r\n\r\n",
        ):
            writer.write(piece)
            await writer.drain()

    stand.merchant.answer = answer
    assert (await stand.paid()).body == echo(SURROGATE)


async def test_an_echo_in_a_header_or_cookie_shows_the_surrogate_instead(stand: Stand) -> None:
    echoes = {name: echo(REAL).decode() for name, echo in ECHOES.items() if name != "UTF-16"}
    stand.merchant.answer = answering(b"", *(f"X-{name}: {value}" for name, value in echoes.items()), f"Set-Cookie: n={REAL}; Path=/")
    answered = await stand.paid()
    for name in echoes:
        assert answered.header(f"x-{name.lower()}") == [ECHOES[name](SURROGATE).decode()]
    assert answered.header("set-cookie") == [f"n={SURROGATE}; Path=/"]


@pytest.mark.parametrize("name", ["X-CVV", "cvc", "Security-Code", "card_code"])
async def test_a_header_that_is_named_for_the_code_shows_the_other_one(stand: Stand, name: str) -> None:
    stand.merchant.answer = answering(b"", f"{name}: {CODE}", f"X-Seconds: {CODE}")
    answered = await stand.paid()
    assert answered.header(name.lower()) == [SURROGATE_CODE]
    assert answered.header("x-seconds") == [CODE]


@pytest.mark.parametrize("location", ["https://[", "//[::1", "https://exa\xe2\x84\x80mple/"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("201 Created", EgressOutcome.SWAPPED),
        ("302 Found", EgressOutcome.SWAPPED),
        ("307 Temporary Redirect", EgressOutcome.REDIRECT_REFUSED),
    ],
)
async def test_an_address_that_is_none_does_not_cost_the_page_its_answer(
    stand: Stand, location: str, status: str, outcome: EgressOutcome
) -> None:
    stand.merchant.answer = answering(b"paid", f"Location: {location}", status=status)
    answered = await stand.send(await stand.arm())
    assert (answered.outcome, answered.body) == (outcome, b"paid")


async def test_headers_without_end_cost_no_other_payment_the_egress(stand: Stand) -> None:
    other = await stand.arm()
    for most, outcome in ((4, EgressOutcome.SWAPPED), (60, EgressOutcome.RESPONSE_TOO_LARGE)):
        stand.merchant.answer = answering(b"ok", *(f"X-{number}: " + '"' * 60_000 for number in range(most)))
        assert (await stand.send(await stand.arm())).outcome is outcome
    stand.merchant.answer = answering(b"ok")
    assert (await stand.send(other)).outcome is EgressOutcome.SWAPPED


async def never(received: Received, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


def drop_after(data: bytes) -> Answer:
    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        raise ConnectionError

    return answer


async def drip(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"8000\r\n" + b"z" * 0x8000 + b"\r\n")
        await writer.drain()


async def announce(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("answer", "outcome", "limits"),
    [
        (never, EgressOutcome.MERCHANT_TIMEOUT, {"idle": 0.5}),
        (drip, EgressOutcome.MERCHANT_TIMEOUT, {"total": 5}),
        (flood, EgressOutcome.RESPONSE_TOO_LARGE, {"response": 1_000_000}),
        (announce, EgressOutcome.RESPONSE_TOO_LARGE, {}),
        (drop_after(b""), EgressOutcome.MAY_HAVE_BEEN_CHARGED, {}),
        (drop_after(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"), EgressOutcome.MAY_HAVE_BEEN_CHARGED, {}),
        (drop_after(b"\x00 this is not HTTP\r\n\r\n"), EgressOutcome.MAY_HAVE_BEEN_CHARGED, {}),
        (drop_after(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"), EgressOutcome.MAY_HAVE_BEEN_CHARGED, {}),
    ],
)
async def test_whoever_waits_learns_that_the_card_may_have_been_charged(
    tmp_path: Path, answer: Answer, outcome: EgressOutcome, limits: dict[str, float]
) -> None:
    async with standing(tmp_path, **limits) as stand:
        stand.merchant.answer = answer
        release = await stand.arm()
        answered = await stand.send(release)
        assert answered.outcome is outcome
        assert answered.end.may_have_been_charged
        assert (await stand.send(release)).outcome is EgressOutcome.SWAP_ALREADY_USED
        assert len(stand.merchant.received) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("connection", ["one that was used before", "one that was made ahead", "a new one"])
async def test_a_merchant_that_hangs_up_after_reading_gets_the_payment_once(tmp_path: Path, method: str, connection: str) -> None:
    async with standing(tmp_path) as stand:
        write_taught(stand.settings.folder, (taught_as("form", stand.merchant.url("form-pay.localhost", ""), method=method),))
        there = {key: stand.merchant.url("form-pay.localhost", "") for key in ("top_origin", "frame_origin")}

        async def arm() -> str:
            return await stand.arm(origin=there["top_origin"])

        if connection == "one that was used before":
            assert (await stand.send(await arm(), method=method, **there)).outcome is EgressOutcome.SWAPPED
        release = await arm()
        if connection == "one that was made ahead":
            await asyncio.wait_for(stand.merchant.connected.acquire(), 10)
        stand.merchant.received.clear()
        stand.merchant.answer = drop_after(b"")
        answered = await stand.send(release, method=method, **there)
        assert answered.outcome is EgressOutcome.MAY_HAVE_BEEN_CHARGED
        assert [received.body.count(REAL.encode()) for received in stand.merchant.received] == [1]


async def test_a_decompression_bomb_ends_at_the_limit(tmp_path: Path) -> None:
    async with standing(tmp_path, response=3_000_000) as stand:
        stand.merchant.answer = answering(gzip.compress(gzip.compress(b"\0" * 200_000_000, 1), 1), "Content-Encoding: gzip, gzip")
        assert (await stand.send(await stand.arm())).outcome is EgressOutcome.RESPONSE_TOO_LARGE


async def test_an_egress_killed_in_the_middle_is_told_and_pays_no_second_time(tmp_path: Path) -> None:
    async with own_process(tmp_path) as (egress, settings, merchant):
        asked = asyncio.Event()

        async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
            asked.set()
            await never(received, writer)

        merchant.answer = answer
        stand = await connected(egress, settings, merchant)
        agreed = decision(egress.public_key, stand.clock.now)
        assert not isinstance(await stand.client.arm(arm(agreed, egress.public_key)), Fault)
        waiting = asyncio.create_task(stand.send("rel_1"))
        await asked.wait()
        os.kill(egress.process.pid, signal.SIGKILL)
        answered = await waiting
        assert answered.outcome is EgressOutcome.MAY_HAVE_BEEN_CHARGED
        assert answered.end.may_have_been_charged
        await stand.client.close()
        await egress.process.communicate()

        again = await start(settings)
        try:
            client = await EgressClient.connect(settings.socket, os.getuid())
            refused = await client.arm(arm(agreed, again.public_key))
            await client.close()
        finally:
            await again.kill()
        assert isinstance(refused, Fault)
        assert refused.code == "already_used"


async def test_what_the_egress_writes_down_holds_no_value(tmp_path: Path) -> None:
    async with own_process(tmp_path) as (egress, settings, merchant):
        merchant.answer = answering(f"echo {REAL} {CODE}".encode())
        stand = await connected(egress, settings, merchant)
        await stand.paid()
        await stand.send(await stand.arm(), merchant.url("form-pay.localhost", "/pay/acct_1?secret=query"))
        await stand.client.close()
        written = await egress.kill()
        assert b"swapped" in written
        files = b"".join(path.read_bytes() for path in settings.folder.rglob("*") if path.is_file())
        for value in (REAL, SURROGATE, "secret=query", "acct_1", "J%C3%B6"):
            assert value.encode() not in written
            assert value.encode() not in files


async def test_an_environment_made_for_debugging_writes_down_nothing_that_decrypts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    assert ssl.create_default_context().keylog_filename == str(keys), "what everybody uses would write it"
    monkeypatch.delenv("SSLKEYLOGFILE")
    async with own_process(tmp_path / "run", SSLKEYLOGFILE=str(keys), PYTHONASYNCIODEBUG="1") as (egress, settings, merchant):
        merchant.answer = answering(f"echo {REAL} {CODE}".encode())
        stand = await connected(egress, settings, merchant)
        await stand.paid()
        await stand.client.close()
        written = await egress.kill()
    secrets = [line for line in (keys.read_text() if keys.exists() else "").splitlines() if not line.startswith("#")]
    assert secrets == []
    assert REAL.encode() not in written


async def test_a_large_answer_streams_through_a_small_process(tmp_path: Path) -> None:
    async with own_process(tmp_path, Limits(response=32_000_000)) as (egress, settings, merchant):
        size = 30_000_000

        async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
            for _ in range(size // 100_000):
                writer.write(b"z" * 100_000)
                await writer.drain()

        stand = await connected(egress, settings, merchant)
        await stand.paid()
        before = peak_kilobytes(egress.process.pid)
        merchant.answer = answer
        received = 0
        async for item in stand.client.send(stand.request(await stand.arm())):
            received += len(item.data) if not isinstance(item, Head) and hasattr(item, "data") else 0
        assert received >= size
        assert peak_kilobytes(egress.process.pid) - before < 12_000
        await stand.client.close()


def peak_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
