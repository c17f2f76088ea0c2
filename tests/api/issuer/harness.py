"""A real LedgerOS over real TLS, and the parties around it: owner, back end, agent, broker, browser, shop.

`running_issuer` starts both listeners in this process on free ports, on a state folder of its own and
a clock that the test owns. `World` has everything a release needs. Rate limits are raised here;
the tests of rate limits start their own with the contract's defaults.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import cbor2
from aiohttp import ClientSession, CookieJar, TCPConnector
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from yarl import URL

from broker.core.canonical import b64u, canonical_json, unb64u
from broker.core.ids import secret_hash
from broker.core.money import plain_money
from broker.issuer.app import open_context, serve
from broker.issuer.brokers.devices import passkey_challenge
from broker.issuer.context import Context
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.issuer.web.accounts import new_setup_link
from broker.pki.contexts import client_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles
from broker.protocol.decision import Decision, PasskeyAssertion, SignedDecision
from broker.protocol.facts import Facts, verify_facts
from broker.protocol.grants import Action, Grant, SignedAction, SignedGrant
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice, PasskeyRegistration
from broker.protocol.proof import check_proof, code_id, make_proof
from broker.protocol.proof import proof_key as stretch
from broker.protocol.sealing import Credentials, Sealed, key_id, unseal

START_MS = 1_800_000_000_000
BROKER_ID = "brk_harness1"
EXTENSION_ORIGIN = "chrome-extension://" + "abcdefghijklmnop" * 2
SHOP = "https://shop.example"
PASSWORD = "correct horse battery"

proof_key = cache(stretch)

FAST = IssuerSettings(
    reads_per_minute=100_000, reads_burst=10_000, writes_per_minute=100_000, writes_burst=10_000, card_creations_per_minute=100_000,
    card_creations_burst=10_000, broker_calls_per_minute=100_000, broker_calls_burst=10_000, network_calls_per_minute=100_000,
    network_calls_burst=10_000, sweep_seconds=3600.0,
)  # fmt: skip


class ManualClock:
    """A clock that only the test moves."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._now = now_ms

    def now_ms(self) -> int:
        return self._now

    def advance(self, *, seconds: float) -> None:
        self._now += int(seconds * 1000)


@dataclass
class Reply:
    """A status, the headers that matter, and the decoded body."""

    status: int
    body: Any
    headers: Any
    text: str


@dataclass
class Issuer:
    """A running LedgerOS."""

    context: Context
    clock: ManualClock
    pki: PkiFolder
    session: ClientSession

    @property
    def url(self) -> str:
        return self.context.addresses.public_url

    async def call(self, method: str, path: str, key: str | None = None, json: Any = None, **kwargs: Any) -> Reply:
        """One API call, with `key` in ``Api-Key``."""
        headers = {**({"Api-Key": key} if key else {}), **kwargs.pop("headers", {})}
        return await ask(self.session, method, self.url + path, json=json, headers=headers, **kwargs)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Names and facts of the whole log."""
        from broker.issuer.events.tables import events
        from broker.tlog import entries

        return self.context.db.read_now(lambda c: [(e.name, e.facts) for e in entries(c, events)])

    def names(self) -> list[str]:
        """The events' names."""
        return [name for name, _ in self.events()]


async def ask(session: ClientSession, method: str, url: str, **kwargs: Any) -> Reply:
    async with session.request(method, url, allow_redirects=False, **kwargs) as response:
        text = await response.text()
        is_json = response.content_type == "application/json"
        return Reply(response.status, await response.json() if is_json else None, response.headers, text)


def make_pki(folder: Path, broker_id: str = BROKER_ID) -> PkiFolder:
    pki = PkiFolder(folder)
    pki.initialise(broker_id, "host_harness1")
    return pki


def session_with(tls: ssl.SSLContext, **kwargs: Any) -> ClientSession:
    return ClientSession(connector=TCPConnector(ssl=tls), timeout=aiohttp.ClientTimeout(total=20), **kwargs)


@asynccontextmanager
async def running_issuer(root: Path, settings: IssuerSettings = FAST, clock: ManualClock | None = None) -> AsyncIterator[Issuer]:
    """LedgerOS on `root`; started twice on the same folder it continues where it stopped."""
    clock = clock or ManualClock()
    pki = make_pki(root / "pki")
    context = open_context(IssuerState(root), settings, clock)
    try:
        async with serve(context), session_with(client_context(pki)) as session:
            yield Issuer(context, clock, pki, session)
    finally:
        context.db.close()


# People ---------------------------------------------------------------------------------------


@dataclass
class Dashboard:
    """A person's browser on the dashboard: cookies, forms, CSRF tokens."""

    issuer: Issuer
    session: ClientSession

    async def get(self, path: str) -> Reply:
        return await ask(self.session, "GET", self.issuer.url + path)

    async def post(self, path: str, page: str | None = None, **fields: str) -> Reply:
        """Send a form with the CSRF token of the page it stands on."""
        if page is not None:
            fields = {"csrf": csrf_of((await self.get(page)).text), **fields}
        return await ask(self.session, "POST", self.issuer.url + path, data=fields)

    async def create_key(self, kind: str = "backend", expires: str = "") -> str:
        reply = await self.post("/settings/api-keys", "/settings/api-keys", name="test", kind=kind, expires=expires)
        return secret_of(reply.text)

    async def create_code(self, kind: str) -> str:
        return secret_of((await self.post("/brokers/codes", "/brokers", kind=kind)).text)

    async def set_approval(self, approval: str, step_up_above: int = 10_000) -> None:
        page = "/settings/approval"
        assert (await self.post(page, page, approval=approval, step_up_above=plain_money(step_up_above, "USD"))).status == 303

    async def set_raw_pan(self, value: str) -> None:
        assert (await self.post("/settings/raw-pan", "/settings/approval", raw_pan=value)).status == 303


def csrf_of(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found, "the page has no form"
    return found[1]


def secret_of(text: str) -> str:
    found = re.search(r'class="secret" data-copy="([^"]+)"', text)
    assert found, "the page shows no secret"
    return found[1]


async def setup_path(issuer: Issuer) -> str:
    now = issuer.context.now()
    return "/setup/" + await issuer.context.db.write(lambda tx: new_setup_link(tx, now, 60))


@asynccontextmanager
async def dashboard(issuer: Issuer, name: str = "Ada", organisation: str = "Harness") -> AsyncIterator[Dashboard]:
    """A new organisation's owner, signed in."""
    jar = CookieJar()
    async with session_with(client_context(issuer.pki), cookie_jar=jar) as session:
        person = Dashboard(issuer, session)
        reply = await person.post(await setup_path(issuer), organisation=organisation, name=name, password=PASSWORD)
        assert reply.status == 303, reply.text
        yield person


async def complete_kyc(issuer: Issuer, link: str, choice: str = "approve") -> Reply:
    """What the applicant does on the linked page."""
    page = await ask(issuer.session, "GET", link)
    proof = re.search(r'name="proof" value="([^"]+)"', page.text)
    return await ask(issuer.session, "POST", link, data={"choice": choice, "proof": proof[1] if proof else ""})


# Machines -------------------------------------------------------------------------------------


def egress_request(code: str, key: bytes, **changes: Any) -> dict[str, Any]:
    """An egress key's enrolment, proven by `code`."""
    body = {
        "codeId": code_id(code, "enrolment"),
        "name": "egress",
        "sealingKey": b64u(key),
        "nonce": b64u(secrets.token_bytes(16)),
        **changes,
    }
    return {**body, "proof": make_proof(proof_key(code, "enrolment"), "egress", body)}


@dataclass
class Egress:
    """The egress beside a broker: in surrogate mode it holds what the page never does."""

    sealing: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    id: str = "egr_none"

    @property
    def public_key(self) -> bytes:
        return self.sealing.public_key().public_bytes_raw()

    @property
    def recipient(self) -> dict[str, str]:
        """What a decision says to be sealed to this egress (wire fields)."""
        return {"mode": "surrogate", "recipientKeyId": key_id(self.public_key)}

    async def enrol(self, broker: BrokerPeer, code: str) -> Egress:
        reply = await broker.post("enrolments/egress", egress_request(code, self.public_key))
        assert reply.status == 200, reply.text
        self.id = reply.body["egressId"]
        return self

    def open(self, redeemed: dict[str, Any], decision: Decision) -> Credentials:
        """Unseal what was delivered."""
        return unseal(Sealed.model_validate(redeemed["sealed"]), self.sealing, decision.digest(), decision.card_id)


@dataclass
class BrokerPeer:
    """A broker's side of the mutual-TLS listener."""

    issuer: Issuer
    id: str
    session: ClientSession

    async def post(self, path: str, body: Any) -> Reply:
        return await ask(self.session, "POST", f"{self.issuer.context.addresses.broker_url}/broker/v1/{path}", json=body)

    async def health(self) -> Reply:
        return await ask(self.session, "GET", f"{self.issuer.context.addresses.broker_url}/broker/v1/health")

    async def get(self, path: str) -> Reply:
        return await ask(self.session, "GET", f"{self.issuer.context.addresses.broker_url}/broker/v1/{path}")

    async def enrol(self, code: str, name: str = "test broker") -> Reply:
        return await self.post("enrolments/broker", {"code": code, "name": name})

    async def introspect(self, token: str) -> Reply:
        return await self.post("introspect", {"token": token})

    async def redeem(self, token: str, signed: SignedDecision) -> Reply:
        return await self.post("redeem", {"token": token, "signed": signed.wire()})


@asynccontextmanager
async def broker_peer(issuer: Issuer, broker_id: str = BROKER_ID) -> AsyncIterator[BrokerPeer]:
    """A broker with a certificate of our CA under `broker_id`."""
    if broker_id != BROKER_ID:
        issuer.pki.rotate(Roles.BROKER_CLIENT, broker_id)
    tls = client_context(issuer.pki, Roles.BROKER_CLIENT)
    if broker_id != BROKER_ID:
        issuer.pki.rotate(Roles.BROKER_CLIENT, BROKER_ID)
    async with session_with(tls) as session:
        yield BrokerPeer(issuer, broker_id, session)


@dataclass
class Passkey:
    """A software authenticator (ES256) that does what Chromium does for an extension page."""

    origin: str = EXTENSION_ORIGIN
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    count: int = 0
    verifies_user: bool = True
    counts: bool = True  # synced passkeys always report 0

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        return canonical_json({"type": kind, "challenge": b64u(challenge), "origin": self.origin, "crossOrigin": False})

    def _data(self, flags: int) -> bytes:
        self.count = self.count + 1 if self.counts else 0
        flags |= 0x01 | (0x04 if self.verifies_user else 0)
        return hashlib.sha256(self.origin.encode()).digest() + struct.pack(">BI", flags, self.count)

    def register(self, challenge: bytes) -> PasskeyRegistration:
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cose
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + attested})
        return PasskeyRegistration(
            credential_id=b64u(self.credential_id),
            client_data_json=b64u(self._client_data("webauthn.create", challenge)),
            attestation_object=b64u(statement),
        )

    def assertion(self, challenge: bytes) -> PasskeyAssertion:
        client_data, data = self._client_data("webauthn.get", challenge), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return PasskeyAssertion(
            credential_id=b64u(self.credential_id),
            authenticator_data=b64u(data),
            client_data_json=b64u(client_data),
            signature=b64u(signature),
        )


@dataclass
class Device:
    """A browser's extension: its keys, its passkey, and what it pins."""

    signing: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    sealing: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    passkey: Passkey = field(default_factory=Passkey)
    id: str = "dev_none"
    issuer_key: bytes = b""

    def request(self, code: str, *, passkey: bool, **changes: Any) -> EnrolDevice:
        """An enrolment request proven by `code`."""
        body: dict[str, Any] = {
            "codeId": code_id(code, "enrolment"), "deviceName": "test browser", "extensionOrigin": EXTENSION_ORIGIN,
            "signingKey": b64u(self.signing.public_key().public_bytes_raw()),
            "sealingKey": b64u(self.sealing.public_key().public_bytes_raw()),
            "passkey": None, "nonce": b64u(secrets.token_bytes(16)), **changes,
        }  # fmt: skip
        if passkey:
            challenge = passkey_challenge(EnrolDevice.model_validate({**body, "proof": "x"}))
            body["passkey"] = self.passkey.register(challenge).wire()
        return EnrolDevice.model_validate({**body, "proof": make_proof(proof_key(code, "enrolment"), "extension", body)})

    async def enrol(self, broker: BrokerPeer, code: str, *, passkey: bool = True) -> DeviceEnrolled:
        """Enrol through a broker, check LedgerOS's proof, pin its key."""
        request = self.request(code, passkey=passkey)
        reply = await broker.post("enrolments/device", request.wire())
        assert reply.status == 200, reply.text
        answer = {key: value for key, value in reply.body.items() if key != "proof"}
        message = {"request": request.wire(), "answer": answer}
        assert check_proof(proof_key(code, "enrolment"), "issuer", message, reply.body["proof"])
        enrolled = DeviceEnrolled.model_validate(reply.body)
        self.id, self.issuer_key = enrolled.device_id, unb64u(enrolled.issuer_key)
        return enrolled

    def facts(self, jws: str) -> Facts:
        """Facts, verified against the pinned key."""
        return verify_facts(jws, Ed25519PublicKey.from_public_bytes(self.issuer_key))

    def decision(self, jws: str, now_ms: int, **changes: Any) -> Decision:
        """What a person who sees `SHOP` with the expected amount would approve; `changes` are wire fields."""
        facts = self.facts(jws)
        amount = facts.expected_amount or 0
        decision = {
            "version": 1, "releaseId": "rel_" + secrets.token_hex(8), "tokenHash": facts.token_hash, "intentId": facts.intent_id,
            "factsHash": b64u(hashlib.sha256(jws.encode()).digest()), "accessEventId": facts.access_event_id, "brokerId": facts.broker_id,
            "deviceId": self.id, "agentId": facts.agent_id, "cardId": facts.card_id, "last4": facts.last4, "agentName": facts.agent_name,
            "claimed": {
                "origin": facts.origin, "merchantText": facts.merchant_text, "amount": facts.expected_amount,
                "currency": facts.expected_currency, "purpose": facts.summary,
            },
            "seen": {"origin": SHOP, "frameOrigins": [], "pageAmount": amount, "firstTimeHere": not facts.linked_origins},
            "mismatches": [], "maxAmount": amount, "currency": facts.expected_currency, "mode": "direct",
            "recipientKeyId": key_id(self.sealing.public_key().public_bytes_raw()), "decidedAt": now_ms,
            "expiresAt": min(facts.expires_at, now_ms + 15 * 60_000),
            "nonce": b64u(secrets.token_bytes(16)),
        }  # fmt: skip
        return Decision.model_validate({**decision, **changes})

    def sign(self, decision: Decision, *, passkey: bool = True) -> SignedDecision:
        """Sign as the extension does."""
        digest = decision.digest()
        assertion = self.passkey.assertion(digest) if passkey else None
        return SignedDecision(decision=decision, device_signature=b64u(self.signing.sign(digest)), passkey=assertion)

    def grant(self, agent_id: str, now_ms: int, **changes: Any) -> SignedGrant:
        """A standing rule as the extension makes it; `changes` are wire fields."""
        grant = Grant.model_validate(
            {
                "version": 1, "grantId": "grant_" + secrets.token_hex(8), "deviceId": self.id, "agentId": agent_id,
                "agentName": "checkout-bot", "origin": SHOP, "maxAmount": 5_000, "currency": "USD", "countPerDay": 2, "fromMinute": 0,
                "toMinute": 1440, "utcOffsetMinutes": 0, "modes": ["direct"], "createdAt": now_ms, "endsAt": now_ms + 30 * 86_400_000,
                "nonce": b64u(secrets.token_bytes(16)), **changes,
            }
        )  # fmt: skip
        digest = grant.digest()
        return SignedGrant(grant=grant, device_signature=b64u(self.signing.sign(digest)), passkey=self.passkey.assertion(digest))

    def act(self, kind: str, subject: str, now_ms: int, *, passkey: bool = False, **changes: Any) -> SignedAction:
        """An action as the extension signs it."""
        nonce = b64u(secrets.token_bytes(16))
        fields = {"version": 1, "kind": kind, "subject": subject, "deviceId": self.id, "at": now_ms, "nonce": nonce, **changes}
        action = Action.model_validate(fields)
        digest = action.digest()
        assertion = self.passkey.assertion(digest) if passkey else None
        return SignedAction(action=action, device_signature=b64u(self.signing.sign(digest)), passkey=assertion)

    def open(self, redeemed: dict[str, Any], decision: Decision) -> Credentials:
        """Unseal what was delivered."""
        return unseal(Sealed.model_validate(redeemed["sealed"]), self.sealing, decision.digest(), decision.card_id)


# Everything together --------------------------------------------------------------------------


@dataclass
class World:
    """An organisation ready for a release: approved user, agent, card, enrolled broker and browser."""

    issuer: Issuer
    owner: Dashboard
    key: str
    acquirer: str
    agent_token: str
    user_id: str
    agent_id: str
    card_id: str
    broker: BrokerPeer
    device: Device

    @property
    def clock(self) -> ManualClock:
        return self.issuer.clock

    async def call(self, method: str, path: str, json: Any = None, *, key: str | None = None, **kwargs: Any) -> Reply:
        return await self.issuer.call(method, path, key or self.key, json, **kwargs)

    async def new_card(self, **fields: Any) -> str:
        body = {"purpose": "Office supplies", "type": "multi", "maxAmount": 100_000, **fields}
        reply = await self.call("POST", f"/v1/agents/{self.agent_id}/cards", body)
        assert reply.status == 201, reply.text
        return str(reply.body["id"])

    async def details(self, card_id: str | None = None, *, key: str | None = None, **fields: Any) -> Reply:
        body = {"summary": "Purchase office supplies", "expectedAmount": 5000, "merchantText": "Amazon", **fields}
        return await self.call("POST", f"/v1/cards/{card_id or self.card_id}/details", body, key=key or self.agent_token)

    async def token(self, card_id: str | None = None, **fields: Any) -> str:
        reply = await self.details(card_id, **fields)
        assert reply.status == 200, reply.text
        return str(reply.body["detailsToken"])

    async def introspected(self, token: str) -> str:
        """The signed facts of a token."""
        reply = await self.broker.introspect(token)
        assert reply.body["active"], reply.text
        return str(reply.body["facts"])

    async def approved(self, card_id: str | None = None, **fields: Any) -> tuple[str, Decision]:
        """A token and the decision for it, not yet redeemed."""
        token = await self.token(card_id, **fields)
        return token, self.device.decision(await self.introspected(token), self.clock.now_ms())

    async def egress(self) -> Egress:
        """An egress enrolled beside the broker."""
        return await Egress().enrol(self.broker, await self.owner.create_code("egress"))

    async def approved_for(self, egress: Egress, card_id: str | None = None) -> tuple[str, Decision]:
        """A token and the decision for it in surrogate mode, not yet redeemed."""
        token = await self.token(card_id)
        return token, self.device.decision(await self.introspected(token), self.clock.now_ms(), **egress.recipient)

    async def intent(self, card_id: str | None = None, **fields: Any) -> str:
        """An intent of the agent's own making."""
        body = {"summary": "Purchase office supplies", "expectedAmount": 5000, "expectedMerchant": "Amazon", **fields}
        reply = await self.call("POST", f"/v1/cards/{card_id or self.card_id}/intents", body, key=self.agent_token)
        assert reply.status == 201, reply.text
        return str(reply.body["id"])

    async def approved_first(self, card_id: str, intent_id: str | None = None, **changes: Any) -> tuple[str, Decision]:
        """An intent and the decision on it: no token exists yet."""
        intent_id = intent_id or await self.intent(card_id)
        reply = await self.broker.post("introspect", {"intentId": intent_id})
        assert reply.body["active"], reply.text
        decision = self.device.decision(reply.body["facts"], self.clock.now_ms(), **changes)
        return intent_id, decision

    async def release(self, card_id: str | None = None, **fields: Any) -> Credentials:
        """A whole release: the credentials as the extension opens them."""
        token, decision = await self.approved(card_id, **fields)
        reply = await self.broker.redeem(token, self.device.sign(decision))
        assert reply.status == 200, reply.text
        return self.device.open(reply.body, decision)

    async def authorise(self, credentials: Credentials, amount: int = 5000, **changes: Any) -> Reply:
        """The shop charges the card."""
        body = {
            "pan": credentials.pan.reveal(), "cvv": credentials.cvv.reveal(), "expirationMonth": credentials.expiration_month,
            "expirationYear": credentials.expiration_year, "amount": amount, "currency": "USD",
            "merchant": {"name": "Example Shop", "id": "shop-1", "origin": SHOP}, **changes,
        }  # fmt: skip
        return await self.call("POST", "/v1/simulate/authorizations", body, key=self.acquirer)

    async def access_event(self, token: str) -> dict[str, Any]:
        from broker.issuer.details.tables import access_events

        query = access_events.select().where(access_events.c.token_hash == secret_hash(token))
        return dict(self.issuer.context.db.read_now(lambda c: c.execute(query).one()._mapping))


async def new_user(issuer: Issuer, key: str) -> dict[str, Any]:
    body = {"firstName": "John", "lastName": "Doe", "email": "john@example.com"}
    return dict((await issuer.call("POST", "/v1/applications/user/initiate", key, body)).body)


async def new_agent(issuer: Issuer, key: str, user_id: str, **fields: Any) -> str:
    body = {
        "userId": user_id, "name": "checkout-bot", "description": "Handles online purchases", "spendingLimit": 50_000,
        "spendingLimitFrequency": "perMonth", **fields,
    }  # fmt: skip
    return str((await issuer.call("POST", "/v1/agents", key, body)).body["id"])


@asynccontextmanager
async def ready_world(issuer: Issuer, *, passkey: bool = True) -> AsyncIterator[World]:
    """`World` with a passkey enrolled, unless told otherwise."""
    async with dashboard(issuer) as owner, broker_peer(issuer) as broker:
        key, acquirer = await owner.create_key(), await owner.create_key("acquirer")
        user = await new_user(issuer, key)
        assert (await complete_kyc(issuer, user["applicationCompletionLink"])).status == 303
        agent_id = await new_agent(issuer, key, user["id"])
        agent_token = (await issuer.call("POST", f"/v1/agents/{agent_id}/tokens", key, {})).body["token"]
        card = await issuer.call(
            "POST", f"/v1/agents/{agent_id}/cards", key, {"purpose": "Supplies", "type": "single", "maxAmount": 10_000}
        )
        assert (await broker.enrol(await owner.create_code("broker"))).status == 200
        device = Device()
        await device.enrol(broker, await owner.create_code("browser"), passkey=passkey)
        yield World(issuer, owner, key, acquirer, agent_token, user["id"], agent_id, card.body["id"], broker, device)


# A world made once, then copied ------------------------------------------------------------------

_UNCHANGED = ("key", "acquirer", "agent_token", "user_id", "agent_id", "card_id")


@dataclass(frozen=True)
class _Template:
    """A world's state folder after everything in it stopped, and what its people hold."""

    folder: tempfile.TemporaryDirectory[str]
    held: dict[str, str]
    cookies: dict[str, str]
    device: Device


_templates: list[_Template] = []


async def _template() -> _Template:
    """Made by the first test of a process that needs it: the codes and passwords in it are slow by design."""
    if not _templates:
        folder = tempfile.TemporaryDirectory(prefix="ledgeros-world-")
        async with running_issuer(Path(folder.name)) as issuer, ready_world(issuer) as world:
            cookies = {cookie.key: cookie.value for cookie in world.owner.session.cookie_jar}
            held = {name: getattr(world, name) for name in _UNCHANGED}
            _templates.append(_Template(folder, held, cookies, world.device))
    return _templates[0]


async def lay_out_world(root: Path) -> None:
    """Put the state of a ready world under `root`; `running_issuer` and `known_world` take it from there."""
    shutil.copytree((await _template()).folder.name, root, dirs_exist_ok=True)


@asynccontextmanager
async def known_world(issuer: Issuer) -> AsyncIterator[World]:
    """The world that `lay_out_world` put where `issuer` runs."""
    template = await _template()
    jar = CookieJar()
    jar.update_cookies(template.cookies, URL(issuer.url))
    device = replace(template.device, passkey=replace(template.device.passkey))
    async with session_with(client_context(issuer.pki), cookie_jar=jar) as session, broker_peer(issuer) as broker:
        yield World(issuer=issuer, owner=Dashboard(issuer, session), broker=broker, device=device, **template.held)


@asynccontextmanager
async def running_world(root: Path, clock: ManualClock | None = None) -> AsyncIterator[World]:
    """LedgerOS on `root` with an organisation ready for a release."""
    await lay_out_world(root)
    async with running_issuer(root, clock=clock) as issuer, known_world(issuer) as world:
        yield world
