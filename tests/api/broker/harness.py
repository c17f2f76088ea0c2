"""The broker's surroundings in tests: a clock, a LedgerOS that can misbehave, and a browser made of Python."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from aiohttp import ClientSession, TCPConnector, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.agent_api import AgentDirectory
from broker.app import BrokerSettings, RunningBroker, running_broker
from broker.audit import read_events
from broker.channel import PairingDesk
from broker.channel.framing import encode, read_json
from broker.channel.session import FrameOpener, FrameSealer, session_keys, sign_finish, verify_welcome
from broker.client import BrokerClient
from broker.core.canonical import b64u, unb64u
from broker.core.card_number import Cvv, Pan
from broker.core.clock import SystemClock
from broker.core.ids import IdFactory, secret_hash
from broker.pki.contexts import client_context, server_context
from broker.pki.files import PkiFolder
from broker.pki.identity import peer_id
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
    Welcome,
    outer_messages,
    to_extension,
)
from broker.protocol.decision import Decision, Seen, SignedDecision
from broker.protocol.facts import Facts, sign_facts
from broker.protocol.issuer_api import Introspected, Redeem, Redeemed, Window
from broker.protocol.outcomes import Outcome
from broker.protocol.proof import check_proof, code_id, make_proof, proof_key
from broker.protocol.sealing import Credentials, key_id, seal, unseal
from broker.protocol.surrogate import SurrogateCard
from broker.protocol.wire import Wire
from broker.state import BrokerState

M = TypeVar("M", bound=Wire)
ORIGIN = "https://shop.example.com"
NUMBER = "4242421234567897"


class ManualClock:
    """A clock that a test moves; it starts at the real time so that certificates are valid."""

    def __init__(self) -> None:
        self.ms = SystemClock().now_ms()

    def now_ms(self) -> int:
        return self.ms

    def advance(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


async def eventually(happened: Callable[[], bool | Awaitable[bool]], seconds: float = 10) -> None:
    """Wait for something another task does, and fail when it does not happen."""
    async with asyncio.timeout(seconds):
        # What is waited for is behind a socket or in a database: there is no event object to wait on.
        while not (result if isinstance(result := happened(), bool) else await result):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def new_token() -> str:
    return "tok_" + secrets.token_urlsafe(32)


# LedgerOS ------------------------------------------------------------------------------------


@dataclass
class FakeLedger:
    """The outside world: a TLS server that speaks ``protocol/issuer_api`` and does what a test tells it.

    `answers` replaces the answer of a path; `pause` holds every answer back until it is set.
    """

    pki: PkiFolder
    clock: ManualClock
    broker_id: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    recipients: dict[str, bytes] = field(default_factory=dict)
    stand_in: SurrogateCard | None = None
    tokens: dict[str, Facts] = field(default_factory=dict)
    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    pause: asyncio.Event | None = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    url: str = ""

    def mint(self, *, card_id: str = "card_1", seconds: float = 120, **changes: Any) -> str:
        """A token that LedgerOS knows."""
        token = new_token()
        self.tokens[token] = example_facts(token, self.broker_id, self.clock.now_ms() + int(seconds * 1000), card_id=card_id, **changes)
        return token

    def intend(self, *, seconds: float = 1800, **changes: Any) -> str:
        """An intent that LedgerOS knows."""
        intent_id = f"int_{secrets.token_hex(8)}"
        about = {"token_hash": None, "access_event_id": None, "intent_id": intent_id, **changes}
        self.tokens[intent_id] = example_facts(intent_id, self.broker_id, self.clock.now_ms() + int(seconds * 1000), **about)
        return intent_id

    def answer(self, path: str, body: Any, status: int = 200) -> None:
        """From now on `path` answers this."""
        self.answers[path] = lambda: web.json_response(body, status=status)

    def called(self, path: str) -> list[dict[str, Any]]:
        return [body for seen, body in self.calls if seen == path]

    @asynccontextmanager
    async def running(self, role: Roles = Roles.ISSUER_SERVER, port: int = 0) -> AsyncIterator[Self]:
        app = web.Application()
        app.router.add_route("*", "/broker/v1/{path:.+}", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=server_context(self.pki, role, client_certificate=True))
        await site.start()
        self.url = f"https://localhost:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await request.json() if request.can_read_body else {}
        self.calls.append((path, body))
        assert peer_id(request.transport, "broker") == self.broker_id
        if self.pause is not None:
            await self.pause.wait()
        if path in self.answers:
            return self.answers[path]()
        match path:
            case "health":
                return web.json_response(
                    {"time": self.clock.now_ms(), "brokerId": self.broker_id, "enrolled": True, "organisationName": "Acme"}
                )
            case "introspect":
                return web.json_response(self._introspect(body["token"] or body["intentId"]).wire())
            case "redeem":
                return self._redeem(Redeem.read(body))
            case _:
                return web.json_response({})

    def _introspect(self, token: str) -> Introspected:
        facts = self.tokens.get(token)
        if facts is None:
            return Introspected(active=False, reason="unknown", message=None, facts=None)
        if token in self.spent:
            return Introspected(active=False, reason="used", message=None, facts=None)
        if facts.expires_at <= self.clock.now_ms():
            return Introspected(active=False, reason="expired", message=None, facts=None)
        return Introspected(active=True, reason=None, message=None, facts=sign_facts(facts, self.key))

    def _redeem(self, request: Redeem) -> web.Response:
        if request.token in self.spent:
            return refuse(410, "already_used", "The token was used before.")
        self.spent.append(request.token)
        decision = request.signed.decision
        card = Credentials(
            pan=Pan(NUMBER), cvv=Cvv("737"), expiration_month=3, expiration_year=2031, cardholder_name="ADA EXAMPLE", brand="Visa"
        )
        sealed = seal(card, self.recipients[decision.recipient_key_id], decision.digest(), decision.card_id)
        window = Window(id="win_1", max_amount=decision.max_amount, currency="USD", expires_at=self.clock.now_ms() + 900_000)
        surrogate = self.stand_in if decision.mode == "surrogate" else None
        event = decision.access_event_id or f"evt_{len(self.spent)}"
        return web.json_response(Redeemed(access_event_id=event, sealed=sealed, window=window, surrogate=surrogate).wire())


def refuse(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": message, "code": code}, status=status)


def example_facts(token: str, broker_id: str, expires_at: int, **changes: Any) -> Facts:
    facts: dict[str, Any] = {
        "issued_at": expires_at - 120_000, "token_hash": b64u(secret_hash(token)), "access_event_id": f"evt_{secret_hash(token).hex()[:8]}",
        "expires_at": expires_at, "broker_id": broker_id, "organisation_name": "Acme", "user_name": "Ada", "agent_id": "agent_1",
        "agent_name": "checkout-bot", "card_id": "card_1", "card_brand": "Visa", "last4": NUMBER[-4:], "card_purpose": "Paper",
        "card_type": "single", "remaining": 10_000, "max_amount": 10_000, "summary": "Paper for the office", "expected_amount": 5_000,
        "expected_currency": "USD", "merchant_text": "Shop", "origin": None, "linked_origins": (), "approval": "click",
        "step_up_above": 10_000, "amount_tolerance_basis_points": 200,
    }  # fmt: skip
    return Facts(**{**facts, **changes})


# A browser -----------------------------------------------------------------------------------


class Browser:
    """The extension's side of the channel in Python, over a real native messaging host's certificate."""

    def __init__(self, pki: PkiFolder, clock: ManualClock) -> None:
        self.pki = pki
        self.clock = clock
        self.signing = Ed25519PrivateKey.generate()
        self.sealing = X25519PrivateKey.generate()
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
        claim = {"type": "pair", "codeId": code_id(code, "pairing"), "deviceName": "Chromium"}
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
        for frame in self.sealer.seal(json.dumps(message.wire()).encode()):
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
            "broker_id": facts.broker_id, "device_id": "dev_1", "agent_id": facts.agent_id, "card_id": facts.card_id,
            "last4": facts.last4, "agent_name": facts.agent_name, "claimed": offer.claimed,
            "seen": Seen(origin=offer.claimed.origin or ORIGIN, frame_origins=(), page_amount=None, first_time_here=True),
            "mismatches": (), "max_amount": facts.expected_amount, "currency": facts.expected_currency, "mode": "direct",
            "recipient_key_id": key_id(self.sealing_key), "decided_at": self.clock.now_ms(), "expires_at": facts.expires_at,
            "nonce": b64u(secrets.token_bytes(16)),
        }  # fmt: skip
        decision = Decision(**{**members, **changes})
        return SignedDecision(decision=decision, device_signature=b64u(self.signing.sign(decision.digest())))

    async def approve(self, offer: Offer, **changes: Any) -> SignedDecision:
        signed = self.decide(offer, **changes)
        await self.send(Approve(release_id=offer.release_id, signed=signed))
        return signed

    async def deny(self, release_id: str) -> None:
        await self.send(Deny(release_id=release_id))

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


# All of it together --------------------------------------------------------------------------


@dataclass
class Stack:
    """A running broker with its surroundings."""

    state: BrokerState
    clock: ManualClock
    ledger: FakeLedger
    settings: BrokerSettings
    broker: RunningBroker
    credential: str = field(repr=False)
    browsers: list[Browser] = field(default_factory=list)

    def client(self, credential: str | None = None) -> BrokerClient:
        return BrokerClient(self.broker.agent_url, credential or self.credential, self.state.pki.ca_file)

    async def pairing_code(self) -> str:
        desk = PairingDesk(self.broker.database, self.clock, IdFactory(self.clock))
        return await asyncio.to_thread(desk.create_code)

    async def browser(self) -> Browser:
        """A paired, connected browser whose key LedgerOS seals to."""
        browser = Browser(self.state.pki, self.clock)
        self.browsers.append(browser)
        self.ledger.recipients[key_id(browser.sealing_key)] = browser.sealing_key
        await browser.connect(self.broker.channel_port, await self.pairing_code())
        return browser

    async def events(self) -> list[str]:
        return [entry.name for entry in await self.broker.database.read(read_events)]

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """One call of the agent API, as plain HTTP."""
        tls, headers = client_context(self.state.pki), {"Authorization": f"Bearer {self.credential}"}
        async with (
            ClientSession(connector=TCPConnector(ssl=tls), headers=headers) as session,
            session.request(method, self.broker.agent_url + path, json=body) as response,
        ):
            return response.status, await response.json()

    async def happened(self, name: str) -> None:
        """Wait for an event of this name."""

        async def there() -> bool:
            return name in await self.events()

        await eventually(there)

    async def event_facts(self, name: str) -> list[dict[str, Any]]:
        return [entry.facts for entry in await self.broker.database.read(read_events) if entry.name == name]


def prepare_state(root: Path) -> BrokerState:
    """A state folder with certificates."""
    state = BrokerState(root)
    identity = state.identity("test broker")
    state.pki.initialise(identity.broker_id, "host_1")
    return state


@asynccontextmanager
async def running_stack(root: Path, **settings: Any) -> AsyncIterator[Stack]:
    """LedgerOS (the fake), a broker, and one agent."""
    state = prepare_state(root)
    clock = ManualClock()
    ledger = FakeLedger(state.pki, clock, state.identity().broker_id)
    async with ledger.running():
        state.write_issuer(ledger.url, ledger.url)
        chosen = BrokerSettings(**{"status_seconds": 60, **settings})
        async with running_broker(state, chosen, clock) as broker:
            directory = AgentDirectory(broker.database, clock, IdFactory(clock))
            agent = await asyncio.to_thread(directory.add, "checkout-bot")
            stack = Stack(state, clock, ledger, chosen, broker, agent.credential)
            yield stack
        for browser in stack.browsers:
            await browser.gone()
