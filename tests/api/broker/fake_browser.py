"""A browser made of Python: the extension's side of the channel."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.channel.framing import encode, read_json
from broker.channel.session import FrameOpener, FrameSealer, session_keys, sign_finish, verify_welcome
from broker.core.canonical import b64u, unb64u
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles
from broker.protocol.channel import (
    Approve,
    Deliver,
    Deny,
    Frame,
    Hello,
    Offer,
    Pair,
    Paired,
    Ping,
    Pong,
    Result,
    Status,
    Stop,
    Welcome,
    outer_messages,
    to_extension,
)
from broker.protocol.decision import Decision, Seen, SignedDecision
from broker.protocol.denial import Denial, Said, SignedDenial
from broker.protocol.facts import Facts
from broker.protocol.outcomes import Outcome
from broker.protocol.proof import check_proof, code_id, make_proof, proof_key
from broker.protocol.sealing import Credentials, key_id, unseal
from broker.protocol.wire import Wire
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.broker.waiting import ManualClock

M = TypeVar("M", bound=Wire)


class Browser:
    """The extension's side of the channel in Python, over a real native messaging host's certificate."""

    def __init__(self, pki: PkiFolder, clock: ManualClock) -> None:
        self.pki = pki
        self.clock = clock
        self.signing = Ed25519PrivateKey.generate()
        self.sealing = X25519PrivateKey.generate()
        self.device_id = "dev_1"  # its name at LedgerOS
        self.broker_key: str | None = None
        self.said: Hello
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter | None = None
        self.got: asyncio.Queue[Wire] = asyncio.Queue()
        self.received: list[Wire] = []
        self._listening: asyncio.Task[None] | None = None

    @property
    def sealing_key(self) -> bytes:
        return self.sealing.public_key().public_bytes_raw()

    def hello(self, ephemeral: X25519PrivateKey, version: int = 1) -> Hello:
        return Hello(
            version=version,
            extension_version="0.1.0",
            device_key=b64u(self.signing.public_key().public_bytes_raw()),
            ephemeral=b64u(ephemeral.public_key().public_bytes_raw()),
            nonce=b64u(secrets.token_bytes(16)),
        )

    async def dial(self, port: int, role: Roles = Roles.HOST_CLIENT) -> None:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_context(self.pki, role), server_hostname="localhost"
        )

    async def say(self, message: Wire) -> None:
        await self.write(encode(message))

    async def write(self, data: bytes) -> None:
        assert self.writer is not None
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> Any:
        return outer_messages.validate_python(await asyncio.wait_for(read_json(self.reader), 5))

    async def connect(self, port: int, code: str | None = None) -> Status:
        """The whole opening, with pairing when there is a code; returns the first status."""
        await self.dial(port)
        ephemeral = X25519PrivateKey.generate()
        hello = self.hello(ephemeral)
        await self.say(hello)
        welcome = await self.hear()
        assert isinstance(welcome, Welcome)
        verify_welcome(hello, welcome)
        if code is not None:
            await self.pair(hello, welcome, code)
        assert welcome.broker_key == self.broker_key
        await self.say(sign_finish(hello, welcome, self.signing))
        keys = session_keys(hello, welcome, ephemeral, welcome.ephemeral)
        self.sealer = FrameSealer(keys.extension_to_broker, "e2b")
        self.opener = FrameOpener(keys.broker_to_extension, "b2e")
        self._listening = asyncio.create_task(self._listen())
        return await self.expect(Status)

    async def pair(self, hello: Hello, welcome: Welcome, code: str) -> Paired:
        key = proof_key(code, "pairing")
        claim = {"type": "pair", "codeId": code_id(key), "deviceName": "Chromium"}
        pair = Pair.read(
            {**claim, "proof": make_proof(key, "extension", {"hello": hello.wire(), "welcome": welcome.wire(), "pair": claim})}
        )
        await self.say(pair)
        paired = await self.hear()
        assert isinstance(paired, Paired), paired
        said = {
            "hello": hello.wire(), "welcome": welcome.wire(), "pair": pair.wire(),
            "paired": {"type": "paired", "replaces": paired.replaces},
        }  # fmt: skip
        assert check_proof(key, "broker", said, paired.proof)
        self.broker_key = welcome.broker_key
        return paired

    async def _listen(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                outer = outer_messages.validate_python(await read_json(self.reader))
                assert isinstance(outer, Frame)
                if (data := self.opener.open(outer)) is not None:
                    message = to_extension.validate_json(data)
                    self.received.append(message)
                    self.got.put_nowait(message)

    async def send(self, message: Wire) -> None:
        await self.send_json(message.wire())

    async def send_json(self, message: dict[str, Any]) -> None:
        """An inner message of any form."""
        for frame in self.sealer.seal(json.dumps(message).encode()):
            await self.say(frame)

    async def expect(self, kind: type[M], seconds: float = 5) -> M:
        """The next message of this kind; others before it are passed over (all stay in `received`)."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.got.get()
                if isinstance(message, kind):
                    return message

    async def expect_one_of(self, *kinds: type[Wire], seconds: float = 5) -> Wire:
        """The next message of one of these kinds."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.got.get()
                if isinstance(message, kinds):
                    return message

    async def settled(self) -> None:
        """Wait until the broker has dealt with everything sent so far."""
        await self.send(Ping())
        await self.expect(Pong)

    async def gone(self) -> None:
        """Read what is left until the broker closes the connection, then let go."""
        if self._listening is not None:
            await asyncio.wait({self._listening}, timeout=2)
        await self.disconnect()

    async def disconnect(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self.writer is not None:
            self.writer.transport.abort()

    async def closed(self) -> None:
        """Wait until the broker has ended the connection."""
        assert self._listening is not None
        await asyncio.wait_for(asyncio.shield(self._listening), 5)

    # What a person does ------------------------------------------------------------------

    def decide(self, offer: Offer, **changes: Any) -> SignedDecision:
        facts = read_facts(offer)
        members: dict[str, Any] = {
            "version": 1, "release_id": offer.release_id, "token_hash": facts.token_hash, "intent_id": facts.intent_id,
            "facts_hash": b64u(hashlib.sha256(offer.facts.encode()).digest()), "access_event_id": facts.access_event_id,
            "broker_id": facts.broker_id, "device_id": self.device_id, "agent_id": facts.agent_id, "card_id": facts.card_id,
            "last4": facts.last4, "agent_name": facts.agent_name, "claimed": offer.claimed,
            "seen": Seen(origin=offer.claimed.origin or ORIGIN, frame_origins=(), page_amount=None, first_time_here=True),
            "mismatches": (), "max_amount": facts.expected_amount, "currency": facts.expected_currency, "reason": facts.reason,
            "mode": "direct", "recipient_key_id": key_id(self.sealing_key), "decided_at": self.clock.now_ms(),
            "expires_at": facts.expires_at, "nonce": b64u(secrets.token_bytes(16)),
        }  # fmt: skip
        decision = Decision(**{**members, **changes})
        return SignedDecision(decision=decision, device_signature=b64u(self.signing.sign(decision.digest())))

    async def approve(self, offer: Offer, **changes: Any) -> SignedDecision:
        signed = self.decide(offer, **changes)
        await self.send(Approve(release_id=offer.release_id, signed=signed))
        return signed

    def say_no(self, release_id: str, said: Said) -> SignedDenial | None:
        """The signed no to what was offered here; None to what was not."""
        offers = [message for message in self.received if isinstance(message, Offer) and message.release_id == release_id]
        if not offers:
            return None
        facts = read_facts(offers[-1])
        denial = Denial(
            version=1, said=said, release_id=release_id, facts_hash=b64u(hashlib.sha256(offers[-1].facts.encode()).digest()),
            token_hash=facts.token_hash, intent_id=facts.intent_id, device_id=self.device_id, decided_at=self.clock.now_ms(),
            nonce=b64u(secrets.token_bytes(16)),
        )  # fmt: skip
        return SignedDenial(denial=denial, device_signature=b64u(self.signing.sign(denial.digest())))

    async def deny(self, release_id: str) -> None:
        await self.send(Deny(release_id=release_id, signed=self.say_no(release_id, "denied")))

    async def stop(self, release_id: str) -> None:
        await self.send(Stop(release_id=release_id, signed=self.say_no(release_id, "stopped")))

    async def fill(self, deliver: Deliver, signed: SignedDecision) -> Credentials:
        """Open the seal and say that the form is filled."""
        decision = signed.decision
        card = unseal(deliver.sealed, self.sealing, decision.digest(), decision.card_id)
        await self.report(deliver.release_id, Outcome.FILLED, "number", "expiry", "securityCode")
        return card

    async def report(self, release_id: str, outcome: Outcome, *fields: str) -> None:
        await self.send(Result(release_id=release_id, outcome=outcome, fields=fields, failed=()))


def read_facts(offer: Offer) -> Facts:
    return Facts.model_validate(json.loads(unb64u(offer.facts.split(".")[1])))
