"""Who calls LedgerOS over mutual TLS, and who signs: broker, egress, browser, passkey."""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cbor2
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from broker.core.canonical import b64u, canonical_json, unb64u
from broker.issuer.brokers.devices import passkey_challenge
from broker.pki.contexts import client_context
from broker.pki.profile import Roles
from broker.protocol.decision import Decision, PasskeyAssertion, SignedDecision
from broker.protocol.denial import Denial, Said, SignedDenial
from broker.protocol.facts import Facts, verify_facts
from broker.protocol.grants import Action, Grant, SignedAction, SignedGrant
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice, PasskeyRegistration
from broker.protocol.proof import check_proof, code_id, make_proof
from broker.protocol.proof import proof_key as stretch
from broker.protocol.sealing import Credentials, Sealed, key_id, unseal
from tests.api.issuer.serving import BROKER_ID, EXTENSION_ORIGIN, SHOP, Issuer, Reply, ask, session_with

proof_key = cache(stretch)


def egress_request(code: str, key: bytes, **changes: Any) -> dict[str, Any]:
    """An egress key's enrolment, proven by `code`."""
    body = {
        "codeId": code_id(proof_key(code, "enrolment")),
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

    @property
    def public_key(self) -> bytes:
        """As COSE, the way authenticators give it away."""
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def register(self, challenge: bytes) -> PasskeyRegistration:
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + self.public_key
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
            "codeId": code_id(proof_key(code, "enrolment")), "deviceName": "test browser", "extensionOrigin": EXTENSION_ORIGIN,
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

    def say_no(self, jws: str, release_id: str, now_ms: int, said: Said = "denied", **changes: Any) -> SignedDenial:
        """The no of a person who was shown these facts, as the extension signs it; `changes` are wire fields."""
        facts = verify_facts(jws, Ed25519PublicKey.from_public_bytes(self.issuer_key))
        denial = Denial.model_validate(
            {
                "version": 1, "said": said, "releaseId": release_id, "factsHash": b64u(hashlib.sha256(jws.encode()).digest()),
                "tokenHash": facts.token_hash, "intentId": facts.intent_id, "deviceId": self.id, "decidedAt": now_ms,
                "nonce": b64u(secrets.token_bytes(16)), **changes,
            }
        )  # fmt: skip
        return SignedDenial(denial=denial, device_signature=b64u(self.signing.sign(denial.digest())))

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
