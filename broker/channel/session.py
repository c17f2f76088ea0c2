"""The channel's cryptography, both roles, without I/O: transcripts, keys, frames.

The opening is a signed Diffie–Hellman exchange (in the spirit of SIGMA): each side signs the whole
transcript with its pinned Ed25519 key, X25519 ephemerals give forward secrecy, HKDF (RFC 5869) over
the transcript gives one AES-256-GCM key for each direction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from broker.core.canonical import b64u, digest, unb64u
from broker.protocol.channel import CHANNEL_DOMAIN, CHUNK, MAX_PLAINTEXT, Finish, Frame, Hello, Welcome

Direction = Literal["e2b", "b2e"]
NONCE_BYTES = 32


class SessionError(Exception):
    """The peer's message does not fit the session; close the connection."""


# The opening ---------------------------------------------------------------------------------


def _without(message: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != name}


def broker_transcript(hello: Hello, welcome: Welcome) -> bytes:
    """What the broker signs: everything said so far but its own signature."""
    return digest(f"{CHANNEL_DOMAIN}/broker", {"hello": hello.wire(), "welcome": _without(welcome.wire(), "signature")})


def extension_transcript(hello: Hello, welcome: Welcome) -> bytes:
    """What the extension signs, and the salt of the keys."""
    return digest(f"{CHANNEL_DOMAIN}/extension", {"hello": hello.wire(), "welcome": welcome.wire()})


def _verify(key: str, signature: str, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(unb64u(key)).verify(unb64u(signature), message)
    except (ValueError, InvalidSignature):
        raise SessionError("the signature is not the key's") from None


def sign_welcome(unsigned: Welcome, hello: Hello, key: Ed25519PrivateKey) -> Welcome:
    """`unsigned` with the broker's signature in place of whatever it held."""
    return unsigned.model_copy(update={"signature": b64u(key.sign(broker_transcript(hello, unsigned)))})


def verify_welcome(hello: Hello, welcome: Welcome) -> None:
    """Raise `SessionError` unless ``welcome.broker_key`` signed this opening. The caller compares the key with its pin."""
    _verify(welcome.broker_key, welcome.signature, broker_transcript(hello, welcome))


def sign_finish(hello: Hello, welcome: Welcome, key: Ed25519PrivateKey) -> Finish:
    """The extension's proof that it holds the device key."""
    return Finish(signature=b64u(key.sign(extension_transcript(hello, welcome))))


def verify_finish(hello: Hello, welcome: Welcome, finish: Finish) -> None:
    """Raise `SessionError` unless ``hello.device_key`` signed this opening."""
    _verify(hello.device_key, finish.signature, extension_transcript(hello, welcome))


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """One AES-256-GCM key for each direction."""

    extension_to_broker: bytes = field(repr=False)
    broker_to_extension: bytes = field(repr=False)


def session_keys(hello: Hello, welcome: Welcome, mine: X25519PrivateKey, theirs: str) -> SessionKeys:
    """The keys of this opening; `theirs` is the peer's ephemeral. Raises `SessionError` for a bad or low-order point."""
    try:
        shared = mine.exchange(X25519PublicKey.from_public_bytes(unb64u(theirs)))
    except ValueError:
        raise SessionError("the ephemeral key is not a usable X25519 key") from None
    derive = HKDF(hashes.SHA256(), length=64, salt=extension_transcript(hello, welcome), info=f"{CHANNEL_DOMAIN}/keys".encode())
    keys = derive.derive(shared)
    return SessionKeys(keys[:32], keys[32:])


# Frames --------------------------------------------------------------------------------------


def _iv(n: int) -> bytes:
    return bytes(4) + n.to_bytes(8, "big")


def _associated(direction: Direction, n: int, more: bool) -> bytes:
    return f"{CHANNEL_DOMAIN} {direction} {n} {int(more)}".encode()


class FrameSealer:
    """Encrypts one direction. Frames must be sent in the order they are made."""

    def __init__(self, key: bytes, direction: Direction) -> None:
        self._cipher = AESGCM(key)
        self._direction: Direction = direction
        self._n = 0

    def seal(self, plaintext: bytes) -> list[Frame]:
        """`plaintext` as one frame, or several when it is longer than a chunk."""
        if len(plaintext) > MAX_PLAINTEXT:
            raise SessionError("a message is larger than the channel carries")
        chunks = [plaintext[i : i + CHUNK] for i in range(0, len(plaintext), CHUNK)] or [b""]
        return [self._frame(chunk, more=chunk_number < len(chunks)) for chunk_number, chunk in enumerate(chunks, 1)]

    def _frame(self, chunk: bytes, *, more: bool) -> Frame:
        n = self._n
        self._n += 1
        sealed = self._cipher.encrypt(_iv(n), chunk, _associated(self._direction, n, more))
        return Frame(n=n, more=more, ciphertext=b64u(sealed))


class FrameOpener:
    """Decrypts one direction: strictly in order, nothing twice, nothing left out."""

    def __init__(self, key: bytes, direction: Direction) -> None:
        self._cipher = AESGCM(key)
        self._direction: Direction = direction
        self._n = 0
        self._parts = bytearray()

    def open(self, frame: Frame) -> bytes | None:
        """The message that ends with `frame`, or None while more is to come; `SessionError` closes the channel."""
        if frame.n != self._n:
            raise SessionError("a frame is out of order")
        try:
            self._parts += self._cipher.decrypt(_iv(frame.n), unb64u(frame.ciphertext), _associated(self._direction, frame.n, frame.more))
        except (ValueError, InvalidTag):
            raise SessionError("a frame is not authentic") from None
        self._n += 1
        if len(self._parts) > MAX_PLAINTEXT:
            raise SessionError("a message is larger than the channel carries")
        if frame.more:
            return None
        message = bytes(self._parts)
        self._parts.clear()
        return message
