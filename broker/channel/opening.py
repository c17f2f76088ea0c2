"""The broker's side of an opening: hello, welcome, perhaps pairing, finish."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import ValidationError

from broker.channel.devices import Device, DeviceDirectory
from broker.channel.framing import MalformedError, encode, read_json
from broker.channel.identity import ChannelIdentity
from broker.channel.pairing import PairingDesk, PairingRefusal
from broker.channel.session import NONCE_BYTES, SessionError, SessionKeys, session_keys, sign_welcome, verify_finish
from broker.core.canonical import b64u, unb64u
from broker.core.clock import Clock
from broker.protocol.channel import CHANNEL_VERSION, Finish, Hello, Outer, Pair, Refused, Skew, Welcome, outer_messages
from broker.protocol.wire import Wire

M = TypeVar("M", bound=Wire)


class OpeningRefusedError(Exception):
    """The opening ends here; `answer` is the last word to the peer."""

    def __init__(self, answer: Wire) -> None:
        super().__init__(type(answer).__name__)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Opened:
    """Who the peer is, and the keys of the session."""

    device: Device
    keys: SessionKeys


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Runs openings; `version` is the broker's own."""

    identity: ChannelIdentity
    devices: DeviceDirectory
    pairing: PairingDesk
    clock: Clock
    version: str
    new_ephemeral: Callable[[], X25519PrivateKey] = X25519PrivateKey.generate

    async def open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Opened:
        """The finished opening; `OpeningRefusedError`, or the stream's own errors, when there is none."""
        try:
            hello = self._hello(await read_json(reader))
            ephemeral = self.new_ephemeral()
            device_key = unb64u(hello.device_key)
            welcome = self._welcome(hello, ephemeral, paired=await self.devices.by_key(device_key) is not None)
            writer.write(encode(welcome))
            finish = await self._finish(reader, writer, hello, welcome)
            verify_finish(hello, welcome, finish)
            keys = session_keys(hello, welcome, ephemeral, hello.ephemeral)
        except (MalformedError, ValueError) as error:
            raise _refused("malformed", f"The broker does not understand this browser: {error}.") from None
        except SessionError as error:
            raise _refused("bad_signature", f"This browser did not prove its key: {error}.") from None
        device = await self.devices.by_key(device_key)
        if device is None:
            raise _refused("no_code", "This browser is not paired with the broker. Make a pairing code there and type it here.")
        return Opened(device, keys)

    def _hello(self, message: dict[str, Any]) -> Hello:
        version = message.get("version")
        # Before anything else is read: another version's hello may look different.
        if message.get("type") == "hello" and isinstance(version, int) and version != CHANNEL_VERSION:
            raise OpeningRefusedError(Skew(versions=(CHANNEL_VERSION,), broker_version=self.version))
        return _expect(message, Hello)

    def _welcome(self, hello: Hello, ephemeral: X25519PrivateKey, *, paired: bool) -> Welcome:
        unsigned = Welcome(
            version=CHANNEL_VERSION,
            broker_version=self.version,
            broker_id=self.identity.broker_id,
            broker_key=self.identity.public_key,
            paired=paired,
            ephemeral=b64u(ephemeral.public_key().public_bytes_raw()),
            nonce=b64u(secrets.token_bytes(NONCE_BYTES)),
            time=self.clock.now_ms(),
            signature="unsigned",
        )
        return sign_welcome(unsigned, hello, self.identity.key)

    async def _finish(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Hello, welcome: Welcome) -> Finish:
        message = await read_json(reader)
        if message.get("type") == "pair":
            answer = await self.pairing.pair(hello, welcome, _expect(message, Pair))
            if isinstance(answer, PairingRefusal):
                raise _refused(answer.code, answer.message)
            writer.write(encode(answer))
            message = await read_json(reader)
        return _expect(message, Finish)


def _expect(message: dict[str, Any], kind: type[M]) -> M:
    parsed = parse_outer(message)
    if not isinstance(parsed, kind):
        raise MalformedError("a message came out of turn")
    return parsed


def parse_outer(message: dict[str, Any]) -> Outer:
    """`message` as an outer message, or `MalformedError`."""
    try:
        return outer_messages.validate_python(message)
    except ValidationError:
        raise MalformedError("a message does not have the protocol's form") from None


RefusalCode = Literal["bad_code", "no_code", "too_many_tries", "bad_signature", "malformed"]


def _refused(code: RefusalCode, message: str) -> OpeningRefusedError:
    return OpeningRefusedError(Refused(code=code, message=message))
