"""The channel's cryptography: the vectors that TypeScript runs too, and what a session refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from broker.channel.identity import load_channel_key
from broker.channel.session import (
    FrameOpener,
    FrameSealer,
    SessionError,
    extension_transcript,
    session_keys,
    sign_finish,
    verify_finish,
    verify_welcome,
)
from broker.core.canonical import b64u, unb64u
from broker.core.errors import LedgerError
from broker.protocol.channel import CHUNK, MAX_PLAINTEXT, Frame, Hello, Welcome

VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[2] / "conformance" / "vectors.json").read_text())["channel"]
HELLO = Hello.read(VECTOR["hello"])
WELCOME = Welcome.read(VECTOR["welcome"])


def test_the_opening_is_the_vectors() -> None:
    verify_welcome(HELLO, WELCOME)
    assert b64u(extension_transcript(HELLO, WELCOME)) == VECTOR["transcript"]
    device = Ed25519PrivateKey.from_private_bytes(unb64u(VECTOR["devicePrivate"]))
    finish = sign_finish(HELLO, WELCOME, device)
    assert finish.signature == VECTOR["finishSignature"]
    verify_finish(HELLO, WELCOME, finish)


def test_keys_and_frames_are_the_vectors() -> None:
    mine = X25519PrivateKey.from_private_bytes(unb64u(VECTOR["extensionEphemeralPrivate"]))
    keys = session_keys(HELLO, WELCOME, mine, WELCOME.ephemeral)
    assert b64u(keys.extension_to_broker) == VECTOR["keyToBroker"]
    assert b64u(keys.broker_to_extension) == VECTOR["keyToExtension"]
    for name, key, direction in (("toBroker", keys.extension_to_broker, "e2b"), ("toExtension", keys.broker_to_extension, "b2e")):
        opener = FrameOpener(key, direction)  # type: ignore[arg-type]
        first, last = (Frame.read(item) for item in VECTOR[name])
        assert opener.open(first) is None
        assert opener.open(last) == VECTOR["message"].encode()


@pytest.mark.parametrize("member", ["broker_key", "ephemeral", "nonce", "broker_id", "paired", "time"])
def test_every_member_of_a_welcome_is_signed(member: str) -> None:
    other: dict[str, Any] = {
        "broker_key": HELLO.device_key,
        "ephemeral": HELLO.ephemeral,
        "nonce": "AA",
        "broker_id": "brk_2",
        "paired": False,
        "time": 1,
    }
    with pytest.raises(SessionError):
        verify_welcome(HELLO, WELCOME.model_copy(update={member: other[member]}))


def test_an_answer_to_another_hello_does_not_verify() -> None:
    with pytest.raises(SessionError):
        verify_welcome(HELLO.model_copy(update={"nonce": "AA"}), WELCOME)


def test_a_low_order_point_gives_no_keys() -> None:
    with pytest.raises(SessionError):
        session_keys(HELLO, WELCOME, X25519PrivateKey.generate(), b64u(bytes(32)))


def test_a_frame_opens_once_in_its_order_and_direction() -> None:
    key = bytes(32)
    sealer = FrameSealer(key, "e2b")
    first, second = *sealer.seal(b"one"), *sealer.seal(b"two")
    opener = FrameOpener(key, "e2b")
    with pytest.raises(SessionError):
        opener.open(second)
    assert opener.open(first) == b"one"
    with pytest.raises(SessionError):
        opener.open(first)
    with pytest.raises(SessionError):
        FrameOpener(key, "b2e").open(first)


@given(st.binary(max_size=64), st.integers(min_value=0, max_value=511))
def test_any_flipped_bit_is_noticed(message: bytes, position: int) -> None:
    [frame] = FrameSealer(bytes(32), "e2b").seal(message)
    sealed = bytearray(unb64u(frame.ciphertext))
    sealed[position // 8 % len(sealed)] ^= 1 << position % 8
    with pytest.raises(SessionError):
        FrameOpener(bytes(32), "e2b").open(frame.model_copy(update={"ciphertext": b64u(bytes(sealed))}))


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_long_messages_travel_in_chunks_and_arrive_whole(size: int) -> None:
    frames = FrameSealer(bytes(32), "b2e").seal(b"x" * size)
    opener = FrameOpener(bytes(32), "b2e")
    assert [opener.open(frame) for frame in frames] == [None] * (len(frames) - 1) + [b"x" * size]
    assert len(frames) == max(1, -(-size // CHUNK))


def test_a_message_above_the_limit_is_not_sent() -> None:
    with pytest.raises(SessionError):
        FrameSealer(bytes(32), "b2e").seal(bytes(MAX_PLAINTEXT + 1))


def test_session_keys_do_not_show_themselves() -> None:
    keys = session_keys(HELLO, WELCOME, X25519PrivateKey.from_private_bytes(bytes(range(32))), WELCOME.ephemeral)
    assert "b'" not in repr(keys)


def test_the_channel_key_is_made_once_and_a_damaged_one_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "channel-identity.key"
    first = load_channel_key(path)
    assert load_channel_key(path).private_bytes_raw() == first.private_bytes_raw()
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"damaged")
    with pytest.raises(LedgerError, match=r"channel-identity\.key is damaged"):
        load_channel_key(path)
    assert path.read_bytes() == b"damaged"
