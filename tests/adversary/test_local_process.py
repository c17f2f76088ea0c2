"""Another process of this machine: it squats the broker's port, speaks on the channel, starts the native messaging host itself."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.async_api import expect

from broker.app import announced
from broker.channel.framing import encode, read_json
from broker.channel.session import FrameOpener, FrameSealer, SessionError, sign_finish, verify_welcome
from broker.core.canonical import b64u
from broker.native_host.launcher import HostConfig, write_launcher
from broker.pki.contexts import server_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles
from broker.protocol.channel import MAX_MESSAGE, Frame, Hello, Offer, Skew, Welcome
from tests.api.broker.fake_browser import Browser
from tests.api.broker.harness import Stack
from tests.browser.extension.conftest import Browser as Chromium

# On the broker's port -------------------------------------------------------------------------


async def host_hears(stack: Stack, folder: Path, port: int) -> dict[str, Any]:
    """What the native messaging host tells the extension when the broker's port file names `port`."""
    pki, port_file = stack.state.pki, folder / "port.json"
    port_file.write_text(json.dumps({"port": port}))
    config = HostConfig(
        port_file=str(port_file), ca_file=str(pki.ca_file), cert_file=str(pki.certificate_file(Roles.HOST_CLIENT)),
        key_file=str(pki.key_file(Roles.HOST_CLIENT)), broker_id=stack.broker.identity.broker_id,
    )  # fmt: skip
    manifest = write_launcher(folder / "host", config, ["a" * 32], sys.executable)
    pipe = asyncio.subprocess.PIPE
    host = await asyncio.create_subprocess_exec(manifest["path"], "chrome-extension://" + "a" * 32 + "/", stdin=pipe, stdout=pipe)
    assert host.stdin is not None
    assert host.stdout is not None
    host.stdin.write(encode(Browser(pki, stack.clock).hello(X25519PrivateKey.generate())))
    async with asyncio.timeout(20):
        (size,) = struct.unpack("<I", await host.stdout.readexactly(4))
        said: dict[str, Any] = json.loads(await host.stdout.readexactly(size))
        host.stdin.close()
        await host.wait()
    return said


@asynccontextmanager
async def squatter(tls: Any, heard: list[bytes]) -> AsyncIterator[int]:
    """A listener that writes down what it is told."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_squatter_with_another_ca_or_another_role_is_refused_by_its_certificate(stack: Stack, tmp_path: Path) -> None:
    foreign = PkiFolder(tmp_path / "foreign")
    foreign.initialise(stack.broker.identity.broker_id, "host_1")
    for name, pki, role in (("foreign CA", foreign, Roles.BROKER_SERVER), ("LedgerOS's own", stack.state.pki, Roles.ISSUER_SERVER)):
        heard: list[bytes] = []
        async with squatter(server_context(pki, role, client_certificate=False), heard) as port:
            said = await host_hears(stack, tmp_path, port)
        assert (said["type"], said["code"]) == ("host_fault", "broker_untrusted"), name
        assert not any(heard), "nothing was sent to it"
    with announced(stack.state, stack.broker):
        said = await host_hears(stack, tmp_path, stack.broker.channel_port)
    assert said["type"] == "welcome", "the broker itself is heard"


async def test_a_welcome_that_names_another_key_under_the_brokers_signature_does_not_verify(stack: Stack) -> None:
    """What a process in between can make of the broker's own welcome; one of its own signing is the next test."""
    browser = await stack.browser()
    await browser.disconnect()
    own = Ed25519PrivateKey.generate()
    hello = browser.hello(X25519PrivateKey.generate())
    welcome = await welcome_of(stack, browser, hello)
    assert welcome.broker_key == browser.broker_key
    for forged in (
        welcome.model_copy(update={"broker_key": b64u(own.public_key().public_bytes_raw())}),
        welcome.model_copy(update={"signature": b64u(own.sign(b"welcome"))}),
        welcome.model_copy(update={"ephemeral": hello.ephemeral}),
        welcome.model_copy(update={"nonce": hello.nonce}),
        welcome.model_copy(update={"broker_id": "brk_squatter"}),
    ):
        with pytest.raises(SessionError):
            verify_welcome(hello, forged)
    verify_welcome(hello, welcome)


@pytest.mark.browser
@pytest.mark.timeout(240)
async def test_a_squatter_with_the_right_certificate_and_a_channel_key_of_its_own_is_refused_by_the_pin(ready: Chromium) -> None:
    """Its welcome is signed as it should be, with the key that it names: nothing but the extension's pin can tell."""
    popup, peer = await ready.popup(), ready.peer
    await peer.stop()
    paired, peer.key = peer.key, Ed25519PrivateKey.generate()
    await peer.start()
    await expect(popup.get_by_text("Another broker answers than the one you paired.")).to_be_visible()
    hello, forged = (Hello.read(peer.openings[-1][0]), Welcome.read(peer.openings[-1][1]))
    verify_welcome(hello, forged)
    assert (forged.broker_id, forged.paired) == (Welcome.read(peer.openings[0][1]).broker_id, True)
    assert not peer.online.is_set(), "nothing was said to it after the hello: no session came to be"
    await peer.stop()
    peer.key = paired
    await peer.start()
    await expect(popup.get_by_text("Connected")).to_be_visible()


async def test_a_recorded_welcome_does_not_open_a_new_connection(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.disconnect()
    first = browser.hello(X25519PrivateKey.generate())
    recorded = await welcome_of(stack, browser, first)
    verify_welcome(first, recorded)
    with pytest.raises(SessionError):
        verify_welcome(browser.hello(X25519PrivateKey.generate()), recorded)


async def welcome_of(stack: Stack, browser: Browser, hello: Hello) -> Welcome:
    await browser.dial(stack.broker.channel_port)
    await browser.say(hello)
    welcome = await browser.hear()
    assert isinstance(welcome, Welcome)
    await browser.disconnect()
    return welcome


# On the channel -------------------------------------------------------------------------------


async def test_a_process_that_starts_the_native_host_and_pairs_nothing_gets_nothing(stack: Stack, tmp_path: Path) -> None:
    """Its certificate is good, and says only which installation it is: every key is still missing."""
    victim = await stack.browser()
    intruder = Browser(stack.state.pki, stack.clock)
    hello = intruder.hello(X25519PrivateKey.generate())
    await intruder.dial(stack.broker.channel_port)
    await intruder.say(hello)
    welcome = await intruder.hear()
    assert not welcome.paired
    await intruder.say(sign_finish(hello, welcome, intruder.signing))
    assert (await intruder.hear()).code == "no_code"
    async with stack.client() as agent:
        await agent.request_release(stack.ledger.mint())
    offer = await victim.expect(Offer)
    assert intruder.received == []
    await victim.deny(offer.release_id)
    await intruder.disconnect()
    with announced(stack.state, stack.broker):
        assert (await host_hears(stack, tmp_path, stack.broker.channel_port))["type"] == "welcome"


Attack = Callable[[Browser], Awaitable[None]]


def _frames(browser: Browser, count: int = 2) -> list[Frame]:
    return [frame for _ in range(count) for frame in browser.sealer.seal(b'{"type":"ping"}')]


async def _forged(browser: Browser) -> None:
    for frame in FrameSealer(bytes(32), "e2b").seal(b'{"type":"ping"}'):
        await browser.say(frame)


async def _reflected(browser: Browser) -> None:
    """A frame as the broker itself would make it, sent back to it."""
    echo = FrameSealer(bytes(32), "b2e")
    echo._cipher = browser.opener._cipher
    for frame in echo.seal(b'{"type":"pong"}'):
        await browser.say(frame)


async def _replayed(browser: Browser) -> None:
    first, _ = _frames(browser)
    await browser.say(first)
    await browser.say(first)


async def _reordered(browser: Browser) -> None:
    first, second = _frames(browser)
    await browser.say(second)
    await browser.say(first)


async def _truncated(browser: Browser) -> None:
    first, _ = _frames(browser)
    await browser.say(first.model_copy(update={"ciphertext": first.ciphertext[:20]}))


async def _cut_off_within_its_length(browser: Browser) -> None:
    data = encode(_frames(browser)[0])
    await browser.write(data[:-10])
    assert browser.writer is not None
    browser.writer.close()


async def _oversized(browser: Browser) -> None:
    await browser.write(struct.pack("<I", MAX_MESSAGE + 1) + b"x" * 100)


async def _counter_at_the_end(browser: Browser) -> None:
    first, _ = _frames(browser)
    await browser.say(first.model_copy(update={"n": 2**53 - 1}))


async def _plain(browser: Browser) -> None:
    await browser.write(_framed({"type": "approve", "releaseId": "rel_1", "signed": {}}))


def _framed(message: object) -> bytes:
    data = json.dumps(message).encode()
    return struct.pack("<I", len(data)) + data


ATTACKS: list[Attack] = [
    _forged, _reflected, _replayed, _reordered, _truncated, _cut_off_within_its_length, _oversized, _counter_at_the_end, _plain,
]  # fmt: skip


async def test_every_kind_of_bad_frame_closes_the_channel_and_decides_nothing(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.expect(Offer)
        for attack in ATTACKS:
            await attack(browser)
            await browser.closed()
            await browser.disconnect()
            browser.received.clear()
            await browser.connect(stack.broker.channel_port)
        assert stack.ledger.called("redeem") == []
        again = await browser.expect(Offer)
        assert again.release_id == asked.id, "the request itself outlives the attack"
        await browser.deny(again.release_id)
        assert (await agent.wait(asked.id)).outcome == "denied"


async def test_frames_of_one_direction_do_not_open_in_the_other() -> None:
    key = bytes(range(32))
    [frame] = FrameSealer(key, "b2e").seal(b"{}")
    assert FrameOpener(key, "b2e").open(frame) == b"{}"
    with pytest.raises(SessionError):
        FrameOpener(key, "e2b").open(frame)


@pytest.mark.parametrize("version", [0, 2, 99])
async def test_a_downgrade_or_an_unknown_version_is_answered_with_the_versions_that_are_spoken(stack: Stack, version: int) -> None:
    browser = Browser(stack.state.pki, stack.clock)
    stack.browsers.append(browser)
    await browser.dial(stack.broker.channel_port)
    await browser.write(_framed({**browser.hello(X25519PrivateKey.generate()).wire(), "version": version}))
    skew = await browser.hear()
    assert isinstance(skew, Skew)
    assert skew.versions == (1,)
    assert await asyncio.wait_for(browser.reader.read(), 5) == b"", "and nothing after it"


async def test_a_version_cannot_be_changed_under_way(stack: Stack) -> None:
    """A man in the middle who offers an older version than the extension did breaks the signed transcript."""
    browser = await stack.browser()
    await browser.disconnect()
    hello = browser.hello(X25519PrivateKey.generate())
    welcome = await welcome_of(stack, browser, hello)
    with pytest.raises(SessionError):
        verify_welcome(hello.model_copy(update={"extension_version": "0.0.1"}), welcome)
    with pytest.raises(SessionError):
        verify_welcome(hello, welcome.model_copy(update={"broker_version": "9.9.9"}))


async def test_a_channel_message_is_only_read_whole(stack: Stack) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(struct.pack("<I", 100) + b"{}")
    reader.feed_eof()
    with pytest.raises(asyncio.IncompleteReadError):
        await read_json(reader)
