"""The other end of the channel, played by the test: a broker and a LedgerOS that say exactly what a test wants.

It speaks the protocol from the documentation in `broker.protocol`, over real TLS and the real native messaging host.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import struct
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from broker.core.canonical import b64u, digest, unb64u
from broker.core.card_number import Cvv, Pan
from broker.pki.contexts import server_context
from broker.pki.files import PkiFolder
from broker.pki.profile import Roles
from broker.protocol import channel, proof, sealing
from broker.protocol.billing import BillingAddress
from broker.protocol.decision import Decision
from broker.protocol.denial import Denial, SignedDenial
from broker.protocol.facts import Facts, sign_facts
from broker.protocol.grants import Action, Grant, GrantState, SignedAction, SignedGrant

BROKER_ID = "brk_peer1"
PAN = "4111111111111111"
CVV = "737"
SURROGATE = "4111111000801111"
SURROGATE_CODE = "999"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


Egress = Callable[[dict[str, Any], Callable[[dict[str, Any]], None]], Coroutine[Any, Any, None]]
"""What answers a `send`: gets the message, and says what goes back."""


class Link:
    """One opened session with the extension."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.key_in = b""
        self.key_out = b""
        self.n_in = 0
        self.n_out = 0
        self.gone = asyncio.Event()

    async def read(self) -> dict[str, Any]:
        (size,) = struct.unpack("<I", await self.reader.readexactly(4))
        message: dict[str, Any] = json.loads(await self.reader.readexactly(size))
        return message

    def write(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        self.writer.write(struct.pack("<I", len(body)) + body)

    def frame(self, message: dict[str, Any]) -> dict[str, Any]:
        n, self.n_out = self.n_out, self.n_out + 1
        associated = f"{channel.CHANNEL_DOMAIN} b2e {n} 0".encode()
        ciphertext = AESGCM(self.key_out).encrypt(bytes(4) + n.to_bytes(8, "big"), json.dumps(message).encode(), associated)
        return {"type": "frame", "n": n, "more": False, "ciphertext": b64u(ciphertext)}

    def send(self, message: dict[str, Any]) -> None:
        self.write(self.frame(message))

    async def receive(self) -> dict[str, Any]:
        text = b""
        while True:
            frame = await self.read()
            assert frame["n"] == self.n_in
            self.n_in += 1
            associated = f"{channel.CHANNEL_DOMAIN} e2b {frame['n']} {int(frame['more'])}".encode()
            text += AESGCM(self.key_in).decrypt(bytes(4) + frame["n"].to_bytes(8, "big"), unb64u(frame["ciphertext"]), associated)
            if not frame["more"]:
                message: dict[str, Any] = json.loads(text)
                return message


class Peer:
    """A broker with its LedgerOS. `alter` may change any outer message before it is sent."""

    def __init__(self, folder: Path, known: Peer | None = None) -> None:
        """`known` is an earlier peer whose keys and memory this one takes over."""
        self.folder = folder
        self.pki: PkiFolder = known.pki if known else PkiFolder(folder / "pki")
        if not known:
            self.pki.initialise(BROKER_ID, "host_peer1")
        self.port_file = folder / "channel.json"
        self.key: Ed25519PrivateKey = known.key if known else Ed25519PrivateKey.generate()
        self.issuer_key: Ed25519PrivateKey = known.issuer_key if known else Ed25519PrivateKey.generate()
        self.device_key: str | None = known.device_key if known else None
        self.sealing_key: bytes = known.sealing_key if known else b""
        self.enrolled: dict[str, Any] | None = known.enrolled if known else None
        self.openings: list[tuple[dict[str, Any], dict[str, Any]]] = []
        """Every hello that came, with the welcome that answered it."""
        self.pairing_code = proof.new_code()
        self.enrolment_code = proof.new_code()
        self.alter: Callable[[dict[str, Any]], dict[str, Any]] = lambda message: message
        self.link: Link | None = None
        self.online = asyncio.Event()
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.approval = "click"
        self.user_facing_origin = "https://ledger.example"
        self.attended: asyncio.Queue[bool] = asyncio.Queue()
        self.grants: list[GrantState] = []
        self.actions: list[SignedAction] = []
        self.refuses: str | None = None
        self.coverage: dict[str, Any] | None = None
        self.egress: Egress | None = None
        self._sending: list[asyncio.Task[None]] = []
        self._links: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        context = server_context(self.pki, Roles.BROKER_SERVER, client_certificate=True)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=context)
        self.port_file.write_text(json.dumps({"port": self._server.sockets[0].getsockname()[1]}))

    async def stop(self) -> None:
        self.port_file.unlink(missing_ok=True)
        self.online.clear()
        if self._server:
            self._server.close()
            for writer in list(self._links):
                writer.transport.abort()
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(writer)
        link = Link(reader, writer)
        try:
            await self._open(link)
            self.link = link
            self.online.set()
            while True:
                message = await link.receive()
                if message["type"] == "ping":
                    link.send({"type": "pong"})
                elif message["type"] == "presence":
                    self.attended.put_nowait(message["attended"])
                elif message["type"] == "send" and self.egress:
                    self._sending.append(asyncio.create_task(self.egress(message, link.send)))
                elif answer := self._answer(message):
                    link.send(answer)
                else:
                    self.inbox.put_nowait(message)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            if self.link is link:
                self.online.clear()
            link.gone.set()
            self._links.discard(writer)
            writer.transport.abort()

    async def _open(self, link: Link) -> None:
        hello = await link.read()
        channel.Hello.read(hello)
        ephemeral = X25519PrivateKey.generate()
        welcome: dict[str, Any] = {
            "type": "welcome", "version": 1, "brokerVersion": "0.1.0", "brokerId": BROKER_ID,
            "brokerKey": b64u(self.key.public_key().public_bytes_raw()), "paired": hello["deviceKey"] == self.device_key,
            "ephemeral": b64u(ephemeral.public_key().public_bytes_raw()), "nonce": b64u(secrets.token_bytes(16)), "time": now_ms(),
        }  # fmt: skip
        welcome["signature"] = b64u(self.key.sign(digest(f"{channel.CHANNEL_DOMAIN}/broker", {"hello": hello, "welcome": welcome})))
        self.openings.append((hello, self.alter(welcome)))
        link.write(self.openings[-1][1])
        answer = await link.read()
        if answer["type"] == "pair":
            key = proof.proof_key(self.pairing_code, "pairing")
            unproven = {name: value for name, value in answer.items() if name != "proof"}
            if not proof.check_proof(key, "extension", {"hello": hello, "welcome": welcome, "pair": unproven}, answer["proof"]):
                link.write({"type": "refused", "code": "bad_code", "message": "That is not the code."})
                return
            paired = {"type": "paired", "replaces": None}
            signed = proof.make_proof(key, "broker", {"hello": hello, "welcome": welcome, "pair": answer, "paired": paired})
            self.device_key = hello["deviceKey"]
            link.write(self.alter({**paired, "proof": signed}))
            answer = await link.read()
        transcript = digest(f"{channel.CHANNEL_DOMAIN}/extension", {"hello": hello, "welcome": welcome})
        Ed25519PublicKey.from_public_bytes(unb64u(hello["deviceKey"])).verify(unb64u(answer["signature"]), transcript)
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(unb64u(hello["ephemeral"])))
        keys = HKDF(hashes.SHA256(), 64, transcript, f"{channel.CHANNEL_DOMAIN}/keys".encode()).derive(shared)
        link.key_in, link.key_out = keys[:32], keys[32:]
        link.send({"type": "status", "issuerReachable": True, "enrolled": self.enrolled is not None, "organisationName": "Acme"})

    def _answer(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a question, or None to what is none. `refuses` is what LedgerOS says to rules and actions."""
        match message["type"]:
            case "enrol":
                return self._enrol(message)
            case "make_grant":
                signed = channel.MakeGrant.read(message).signed
                self._verify(signed.grant, signed)
                if self.refuses is None:
                    self.grants.append(GrantState(grant=signed.grant, used_today=0, used_total=0, last_used_at=None, revoked_at=None))
                return self._grants(message, self.refuses)
            case "list_grants":
                return self._grants(message, None)
            case "ask_coverage" if self.coverage is not None:
                return {"type": "coverage", "requestId": message["requestId"], **self.coverage}
            case "act":
                act = channel.Act.read(message).signed
                self._verify(act.action, act)
                if self.refuses is None:
                    self._act(act)
                return {"type": "act_answer", "requestId": message["requestId"], "error": self.refuses}
        return None

    def _act(self, act: SignedAction) -> None:
        self.actions.append(act)
        if act.action.kind == "revoke_grant":
            self.grants = [
                state.model_copy(update={"revoked_at": now_ms()}) if state.grant.grant_id == act.action.subject else state
                for state in self.grants
            ]

    def _grants(self, message: dict[str, Any], error: str | None) -> dict[str, Any]:
        listed = [state.wire() for state in self.grants]
        return {"type": "grants_answer", "requestId": message["requestId"], "grants": listed, "error": error}

    def _verify(self, signed: Grant | Action, by: SignedGrant | SignedAction) -> None:
        """The device signed the digest, and so did the passkey where there is one (its challenge; its signature is LedgerOS's to check)."""
        assert self.device_key is not None
        key = Ed25519PublicKey.from_public_bytes(unb64u(self.device_key))
        key.verify(unb64u(by.device_signature), signed.digest())
        if by.passkey is not None:
            assert json.loads(unb64u(by.passkey.client_data_json))["challenge"] == b64u(signed.digest())

    def _enrol(self, message: dict[str, Any]) -> dict[str, Any]:
        channel.Enrol.read(message)
        request = message["request"]
        key = proof.proof_key(self.enrolment_code, "enrolment")
        unproven = {name: value for name, value in request.items() if name != "proof"}
        answer: dict[str, Any] = {"type": "enrol_answer", "requestId": message["requestId"], "answer": None, "error": "The code is wrong."}
        if not proof.check_proof(key, "extension", unproven, request["proof"]):
            return answer
        self.enrolled = request
        self.sealing_key = unb64u(request["sealingKey"])
        enrolled = {
            "deviceId": "dev_1", "brokerId": BROKER_ID, "organisationName": "Acme", "userFacingOrigin": self.user_facing_origin,
            "issuerKey": b64u(self.issuer_key.public_key().public_bytes_raw()), "approval": self.approval,
            "passkeys": 1 if request["passkey"] else 0,
        }  # fmt: skip
        signed = proof.make_proof(key, "issuer", {"request": request, "answer": enrolled})
        return {**answer, "answer": {**enrolled, "proof": signed}, "error": None}

    def send(self, message: dict[str, Any]) -> None:
        assert self.link is not None
        self.link.send(message)

    async def expect(self, kind: str) -> dict[str, Any]:
        message = await asyncio.wait_for(self.inbox.get(), 15)
        assert message["type"] == kind, message
        return message

    async def result(self) -> str:
        """The outcome of the next result, past any `shown`."""
        while (message := await asyncio.wait_for(self.inbox.get(), 15))["type"] == "shown":
            pass
        assert message["type"] == "result", message
        return str(message["outcome"])

    def facts(self, **changes: Any) -> Facts:
        now = now_ms()
        base: dict[str, Any] = {
            "issued_at": now, "token_hash": b64u(hashlib.sha256(secrets.token_bytes(8)).digest()), "access_event_id": "evt_1",
            "expires_at": now + 120_000, "broker_id": BROKER_ID, "organisation_name": "Acme", "user_name": "Ada",
            "agent_id": "agent_1", "agent_name": "checkout-bot", "card_id": "card_1", "card_brand": "Visa", "last4": "1111",
            "card_purpose": "Office supplies", "card_type": "single", "remaining": 5010, "max_amount": 10_000,
            "summary": "Purchase office supplies for the design team", "expected_amount": 5000, "expected_currency": "USD",
            "merchant_text": "Amazon", "origin": None, "linked_origins": (), "approval": self.approval, "step_up_above": 5000,
            "amount_tolerance_basis_points": 500,
        }  # fmt: skip
        return Facts(**{**base, **changes})

    def offer(
        self,
        claimed_origin: str | None,
        release_id: str = "rel_1",
        *,
        page_url: str | None = None,
        key: Ed25519PrivateKey | None = None,
        **changes: Any,
    ) -> Facts:
        """Offer a release; answers the facts it carried."""
        purpose = changes.pop("purpose", "Two boxes of pens")
        facts = self.facts(**changes)
        claimed = {
            "origin": claimed_origin,
            "merchantText": facts.merchant_text,
            "amount": facts.expected_amount,
            "currency": "USD",
            "purpose": purpose,
        }
        self.send({
            "type": "offer", "releaseId": release_id, "facts": sign_facts(facts, key or self.issuer_key), "claimed": claimed,
            "pageUrl": page_url, "requestedAt": now_ms(), "expiresAt": facts.expires_at,
        })  # fmt: skip
        return facts

    def check(self, approve: dict[str, Any]) -> Decision:
        """The decision of an `approve`, with its device signature verified."""
        decision = Decision.read(approve["signed"]["decision"])
        assert self.device_key is not None
        key = Ed25519PublicKey.from_public_bytes(unb64u(self.device_key))
        key.verify(unb64u(approve["signed"]["deviceSignature"]), decision.digest())
        return decision

    def check_no(self, message: dict[str, Any], facts: Facts) -> Denial:
        """The denial of a `deny` or `stop` about `facts`, with its device signature verified."""
        signed = SignedDenial.read(message["signed"])
        assert self.device_key is not None
        key = Ed25519PublicKey.from_public_bytes(unb64u(self.device_key))
        key.verify(unb64u(signed.device_signature), signed.denial.digest())
        shown = b64u(hashlib.sha256(sign_facts(facts, self.issuer_key).encode()).digest())
        assert (signed.denial.release_id, signed.denial.facts_hash) == (message["releaseId"], shown)
        assert (signed.denial.token_hash, signed.denial.intent_id) == (facts.token_hash, facts.intent_id)
        assert (signed.denial.device_id, abs(signed.denial.decided_at - now_ms()) < 60_000) == ("dev_1", True)
        return signed.denial

    def deliver(self, decision: Decision, under: Decision | None = None, billing: BillingAddress | None = None) -> None:
        """Seal the card to the extension under `decision` (or, to attack, under another one) and deliver it."""
        card = sealing.Credentials(
            pan=Pan(PAN),
            cvv=Cvv(CVV),
            expiration_month=3,
            expiration_year=2031,
            cardholder_name="ADA EXAMPLE",
            brand="Visa",
            billing=billing,
        )  # fmt: skip
        sealed = sealing.seal(card, self.sealing_key, (under or decision).digest(), decision.card_id)
        self.send({"type": "deliver", "releaseId": decision.release_id, "sealed": sealed.wire()})

    def deliver_surrogate(self, decision: Decision) -> None:
        """Have the extension fill what stands in for the card."""
        card = {
            "surrogate": {"number": SURROGATE, "securityCode": SURROGATE_CODE},
            "expirationMonth": 3, "expirationYear": 2031, "cardholderName": "ADA EXAMPLE",
        }  # fmt: skip
        self.send({"type": "deliver_surrogate", "releaseId": decision.release_id, "card": card})
