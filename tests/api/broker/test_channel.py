"""The extension channel under attack: strangers, squatters, forged, replayed, reordered and oversized frames, pairing by guess."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import ssl
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker import admin
from broker.channel.session import SessionError, sign_finish, verify_welcome
from broker.core.canonical import b64u
from broker.pki.profile import Roles
from broker.protocol.channel import MAX_MESSAGE, Enrol, EnrolAnswer, Frame, Offer, Pair, Ping, Pong, Refused, Skew, Welcome
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice
from broker.protocol.proof import code_id, make_proof, new_code, proof_key
from tests.api.broker.fake_browser import Browser
from tests.api.broker.harness import Stack, running_stack

REFUSED = (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError, TimeoutError)


async def opening(stack: Stack, browser: Browser) -> tuple[X25519PrivateKey, Welcome]:
    """Hello and welcome of a browser that then does something of its own."""
    await browser.dial(stack.broker.channel_port)
    ephemeral = X25519PrivateKey.generate()
    browser.said = browser.hello(ephemeral)
    await browser.say(browser.said)
    welcome = await browser.hear()
    assert isinstance(welcome, Welcome)
    verify_welcome(browser.said, welcome)
    return ephemeral, welcome


def stranger(stack: Stack) -> Browser:
    browser = Browser(stack.state.pki, stack.clock)
    stack.browsers.append(browser)
    return browser


@pytest.mark.parametrize("role", [None, Roles.BROKER_CLIENT])
async def test_only_a_native_messaging_hosts_certificate_is_heard(stack: Stack, role: Roles | None) -> None:
    from broker.channel.framing import encode
    from broker.pki.contexts import client_context

    async def knock() -> bytes:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", stack.broker.channel_port, ssl=client_context(stack.state.pki, role), server_hostname="localhost"
        )
        writer.write(encode(stranger(stack).hello(X25519PrivateKey.generate())))
        try:
            return await asyncio.wait_for(reader.readexactly(1), 5)
        finally:
            writer.transport.abort()

    with pytest.raises(REFUSED):
        await knock()


async def test_an_unpaired_browser_is_told_to_pair(stack: Stack) -> None:
    browser = stranger(stack)
    _, welcome = await opening(stack, browser)
    assert not welcome.paired
    await browser.say(sign_finish(browser.said, welcome, browser.signing))
    refused = await browser.hear()
    assert (refused.type, refused.code) == ("refused", "no_code")


async def test_a_paired_key_without_its_private_half_is_refused(stack: Stack) -> None:
    victim = await stack.browser()
    thief = stranger(stack)
    thief.signing = victim.signing
    _, welcome = await opening(stack, thief)
    assert welcome.paired
    await thief.say(sign_finish(thief.said, welcome, Ed25519PrivateKey.generate()))
    assert (await thief.hear()).code == "bad_signature"
    await victim.settled()


async def test_a_finish_of_another_connection_is_refused(stack: Stack) -> None:
    victim = await stack.browser()
    thief = stranger(stack)
    thief.signing = victim.signing
    _, first = await opening(stack, thief)
    recorded = sign_finish(thief.said, first, victim.signing)
    await thief.disconnect()
    await opening(stack, thief)
    await thief.say(recorded)
    assert (await thief.hear()).code == "bad_signature"


async def test_another_version_is_told_which_ones_are_spoken(stack: Stack) -> None:
    browser = stranger(stack)
    await browser.dial(stack.broker.channel_port)
    hello = {**browser.hello(X25519PrivateKey.generate(), version=7).wire(), "newMember": True}
    data = json.dumps(hello).encode()
    await browser.write(struct.pack("<I", len(data)) + data)
    skew = await browser.hear()
    assert isinstance(skew, Skew)
    assert skew.versions == (1,)


async def test_a_low_order_ephemeral_is_refused(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.disconnect()
    await browser.dial(stack.broker.channel_port)
    hello = browser.hello(X25519PrivateKey.generate()).model_copy(update={"ephemeral": b64u(bytes(32))})
    await browser.say(hello)
    welcome = await browser.hear()
    await browser.say(sign_finish(hello, welcome, browser.signing))
    assert isinstance(await browser.hear(), Refused)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<I", MAX_MESSAGE + 1),
        struct.pack("<I", 2) + b"[]",
        struct.pack("<I", 3) + b"{{{",
        struct.pack("<I", 17) + b'{"type": "hello"}',
        struct.pack("<I", 17) + b'{"type": "other"}',
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
async def test_nonsense_before_the_opening_is_refused(stack: Stack, data: bytes) -> None:
    browser = stranger(stack)
    await browser.dial(stack.broker.channel_port)
    await browser.write(data)
    refused = await browser.hear()
    assert refused.code == "malformed"


async def test_a_peer_that_says_nothing_does_not_stay(tmp_path: Path) -> None:
    async with running_stack(tmp_path, opening_seconds=0.3) as stack:
        browser = stranger(stack)
        await browser.dial(stack.broker.channel_port)
        assert await asyncio.wait_for(browser.reader.read(), 5) == b""


async def test_strangers_cannot_take_all_places(tmp_path: Path) -> None:
    async with running_stack(tmp_path, unauthenticated_connections=2) as stack:
        paired = await stack.browser()
        crowd = [stranger(stack) for _ in range(3)]
        for browser in crowd:
            await browser.dial(stack.broker.channel_port)
        assert await asyncio.wait_for(crowd[2].reader.read(), 5) == b""
        await paired.settled()
        await crowd[0].disconnect()
        await crowd[1].disconnect()
        late = await stack.browser()
        await late.settled()


# Frames --------------------------------------------------------------------------------------


async def test_replayed_reordered_and_altered_frames_close_the_channel(stack: Stack) -> None:
    def frames(browser: Browser) -> list[Frame]:
        return [*browser.sealer.seal(b'{"type":"ping"}'), *browser.sealer.seal(b'{"type":"ping"}')]

    browser = await stack.browser()
    for attack in ("replay", "reorder", "skip", "alter", "more", "truncate"):
        first, second = frames(browser)
        sent = {
            "replay": [first, first],
            "reorder": [second, first],
            "skip": [second],
            "alter": [first.model_copy(update={"ciphertext": ("B" if first.ciphertext[0] != "B" else "C") + first.ciphertext[1:]})],
            "more": [first.model_copy(update={"more": True})],
            "truncate": [first.model_copy(update={"ciphertext": first.ciphertext[:12]})],
        }[attack]
        for frame in sent:
            await browser.say(frame)
        await browser.closed()
        await browser.disconnect()
        await browser.connect(stack.broker.channel_port)
    await browser.settled()


@pytest.mark.parametrize(
    "message", [b"{}", b"[]", b"\xff", b'{"type":"offer"}', b'{"type":"ping","extra":1}', b'{"type":"deny","releaseId":"x"}']
)
async def test_an_inner_message_that_is_not_the_protocol_closes_the_channel(stack: Stack, message: bytes) -> None:
    browser = await stack.browser()
    for frame in browser.sealer.seal(message):
        await browser.say(frame)
    await browser.closed()


async def test_an_outer_message_in_an_open_session_closes_it(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.say(browser.hello(X25519PrivateKey.generate()))
    await browser.closed()


async def test_a_message_that_never_ends_is_cut_off(stack: Stack) -> None:
    browser = await stack.browser()
    big = browser.sealer.seal(b"x" * 7_900_000)
    unended = big[-1].model_copy(update={"more": True})
    with contextlib.suppress(OSError):  # the broker may close before everything is written
        for frame in [*big[:-1], unended, *browser.sealer.seal(b"y" * 900_000)]:
            await browser.say(frame)
    await browser.closed()


async def test_a_large_message_travels_in_chunks(stack: Stack) -> None:
    browser = await stack.browser()
    padded = b'{"type":"ping"' + b" " * 1_200_000 + b"}"
    frames = browser.sealer.seal(padded)
    assert len(frames) == 3
    for frame in frames:
        await browser.say(frame)
    await browser.expect(Pong)


async def test_a_second_connection_of_a_browser_takes_the_place_of_the_first(stack: Stack) -> None:
    browser = await stack.browser()
    twin = stranger(stack)
    twin.signing, twin.sealing, twin.broker_key = browser.signing, browser.sealing, browser.broker_key
    await twin.connect(stack.broker.channel_port)
    await browser.closed()
    async with stack.client() as agent:
        await agent.request_release(stack.ledger.mint())
    await twin.expect(Offer)


async def test_a_revoked_browser_is_cut_off_at_its_next_message_and_gets_no_offer(stack: Stack) -> None:
    browser = await stack.browser()
    [device] = await asyncio.to_thread(admin.list_devices, stack.state.root)
    await asyncio.to_thread(admin.revoke_device, stack.state.root, device.id)
    async with stack.client() as agent:
        assert (await agent.request_release(stack.ledger.mint())).outcome == "extension_offline"
    await browser.closed()
    _, welcome = await opening(stack, browser)
    assert not welcome.paired
    await browser.say(sign_finish(browser.said, welcome, browser.signing))
    assert (await browser.hear()).code == "no_code"


async def test_a_silent_browser_is_found_dead(tmp_path: Path) -> None:
    async with running_stack(tmp_path, channel_idle_seconds=0.3) as stack:
        browser = await stack.browser()
        await browser.closed()


# Pairing -------------------------------------------------------------------------------------


async def test_a_code_pairs_once(stack: Stack) -> None:
    code = await stack.pairing_code()
    first, second = stranger(stack), stranger(stack)
    await first.connect(stack.broker.channel_port, code)
    _, welcome = await opening(stack, second)
    with pytest.raises(AssertionError, match="no_code"):
        await second.pair(second.said, welcome, code)
    [device] = await asyncio.to_thread(admin.list_devices, stack.state.root)
    assert device.name == "Chromium"
    assert device.last_seen_at is not None
    assert device.public_key == b64u(first.signing.public_key().public_bytes_raw()), "what a reviewer of its receipts keeps"


async def test_a_code_dies_after_ten_minutes(stack: Stack) -> None:
    code = await stack.pairing_code()
    stack.clock.advance(601)
    browser = stranger(stack)
    _, welcome = await opening(stack, browser)
    with pytest.raises(AssertionError, match="no_code"):
        await browser.pair(browser.said, welcome, code)


async def test_a_code_survives_four_wrong_proofs_and_not_five(stack: Stack) -> None:
    async def guess(code: str) -> str:
        browser = stranger(stack)
        await opening(stack, browser)
        claim = {"type": "pair", "codeId": code_id(proof_key(code, "pairing")), "deviceName": "x"}
        await browser.say(Pair.read({**claim, "proof": make_proof(secrets.token_bytes(32), "extension", claim)}))
        refused = await browser.hear()
        await browser.disconnect()
        return str(refused.code)

    code = await stack.pairing_code()
    assert [await guess(code) for _ in range(4)] == ["bad_code"] * 4
    await stranger(stack).connect(stack.broker.channel_port, code)
    code = await stack.pairing_code()
    assert [await guess(code) for _ in range(6)] == ["bad_code"] * 5 + ["too_many_tries"]
    assert "extension:pairing:refused" in await stack.events()


async def test_a_man_in_the_middle_cannot_put_his_key_in_a_pairing(stack: Stack) -> None:
    """The proof covers both keys: made for the attacker's opening, it does not fit the broker's."""
    code = await stack.pairing_code()
    victim, attacker = stranger(stack), stranger(stack)
    _, welcome = await opening(stack, attacker)
    said = victim.hello(X25519PrivateKey.generate())
    claim = {"type": "pair", "codeId": code_id(proof_key(code, "pairing")), "deviceName": "x"}
    proof = make_proof(proof_key(code, "pairing"), "extension", {"hello": said.wire(), "welcome": welcome.wire(), "pair": claim})
    await attacker.say(Pair.read({**claim, "proof": proof}))
    assert (await attacker.hear()).code == "bad_code"


async def test_pairing_again_says_what_it_replaces(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.disconnect()
    _, welcome = await opening(stack, browser)
    paired = await browser.pair(browser.said, welcome, await stack.pairing_code())
    assert paired.replaces == "Chromium"
    assert len(await asyncio.to_thread(admin.list_devices, stack.state.root)) == 1


async def test_an_unknown_code_is_no_code(stack: Stack) -> None:
    browser = stranger(stack)
    _, welcome = await opening(stack, browser)
    with pytest.raises(AssertionError, match="no_code"):
        await browser.pair(browser.said, welcome, new_code())


async def test_a_welcome_whose_key_was_exchanged_does_not_verify(stack: Stack) -> None:
    browser = stranger(stack)
    _, welcome = await opening(stack, browser)
    forged = welcome.model_copy(update={"broker_key": b64u(Ed25519PrivateKey.generate().public_key().public_bytes_raw())})
    with pytest.raises(SessionError):
        verify_welcome(browser.said, forged)


# Enrolment -----------------------------------------------------------------------------------


def enrolment() -> EnrolDevice:
    return EnrolDevice(
        code_id="abc", device_name="Chromium", extension_origin="chrome-extension://" + "a" * 32, signing_key="AA", sealing_key="AA",
        passkey=None, nonce="AA", proof="AA",
    )  # fmt: skip


async def test_an_enrolment_is_passed_on_and_answered_as_it_is(stack: Stack) -> None:
    from aiohttp import web

    browser = await stack.browser()
    enrolled = DeviceEnrolled(
        device_id="dev_9", broker_id="brk_1", organisation_name="Acme", user_facing_origin="https://localhost:1", issuer_key="AA",
        approval="step-up", passkeys=0, proof="AA",
    )  # fmt: skip
    stack.ledger.answers["enrolments/device"] = lambda: web.json_response(enrolled.wire())
    await browser.send(Enrol(request_id="r1", request=enrolment()))
    answer = await browser.expect(EnrolAnswer)
    assert (answer.request_id, answer.answer, answer.error) == ("r1", enrolled, None)
    assert stack.ledger.called("enrolments/device") == [enrolment().wire()]


async def test_a_refused_enrolment_brings_ledgeros_words(stack: Stack) -> None:
    from tests.api.broker.fake_ledger import refuse

    browser = await stack.browser()
    stack.ledger.answers["enrolments/device"] = lambda: refuse(403, "bad_code", "The code does not fit.")
    await browser.send(Enrol(request_id="r1", request=enrolment()))
    answer = await browser.expect(EnrolAnswer)
    assert (answer.answer, answer.error) == (None, "The code does not fit.")


async def test_ping_is_answered(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.send(Ping())
    await browser.expect(Pong)
