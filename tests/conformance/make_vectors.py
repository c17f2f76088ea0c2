"""Makes ``vectors.json``: what Python and TypeScript must agree on, byte for byte, with fixed keys.

``python -m tests.conformance.make_vectors`` writes it. Sealing is random by nature, so a sealed
vector is kept as it was when its inputs are unchanged; everything else is made anew each time.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from broker.core.canonical import b64u, canonical_json, digest, unb64u
from broker.core.card_number import Cvv, Pan
from broker.core.money import format_money
from broker.core.origin import parse_origin, registrable_domain
from broker.core.text import plain_text
from broker.protocol import channel, proof, sealing
from broker.protocol.billing import BillingAddress
from broker.protocol.decision import Claimed, Decision, Seen
from broker.protocol.denial import Denial
from broker.protocol.facts import Facts, sign_facts
from tests.conformance.approvals import approvals

VECTORS = Path(__file__).with_name("vectors.json")
CODE = "7K3M-9QXR-2VTB-HJ5N"


def _seed(name: str) -> bytes:
    return hashlib.sha256(f"ledgeros test key {name}".encode()).digest()


def _ed25519(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_seed(name))


def _x25519(name: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_seed(name))


def facts() -> Facts:
    """One introspection, with text that tests the encoding."""
    return Facts(
        issued_at=1_800_000_000_000, token_hash=b64u(_seed("token")), access_event_id="evt_1", expires_at=1_800_000_120_000,
        broker_id="brk_1", organisation_name="Ämter & Co", user_name="Ada", agent_id="agent_1", agent_name="checkout-bot",
        card_id="card_1", card_brand="Visa", last4="4242", card_purpose="Office supplies", card_type="single", remaining=5010,
        max_amount=10_000, summary="Purchase office supplies \u2028 “now”", expected_amount=5000, expected_currency="USD",
        merchant_text="Amazon", origin=None, linked_origins=("https://shop.example.com",), approval="step-up", step_up_above=5000,
        amount_tolerance_basis_points=500,
    )  # fmt: skip


def decision(jws: str) -> Decision:
    """The approval of `facts` on one page."""
    return Decision(
        version=1, release_id="rel_1", token_hash=facts().token_hash, facts_hash=b64u(hashlib.sha256(jws.encode()).digest()),
        access_event_id="evt_1", broker_id="brk_1", device_id="dev_1", agent_id="agent_1", card_id="card_1", last4="4242",
        agent_name="checkout-bot",
        claimed=Claimed(origin="https://shop.example.com", merchant_text="Amazon", amount=5000, currency="USD", purpose="Büro 🖇"),
        seen=Seen(origin="https://shop.example.com", frame_origins=("https://js.example.net",), page_amount=4990, first_time_here=False),
        mismatches=(), max_amount=4990, currency="USD", reason="one-time", mode="direct",
        recipient_key_id=sealing.key_id(_raw(_x25519("sealing"))),
        decided_at=1_800_000_060_000, expires_at=1_800_000_120_000, nonce=b64u(_seed("nonce")[:16]),
    )  # fmt: skip


def denial(jws: str) -> Denial:
    """The no to `facts`."""
    return Denial(
        version=1, said="denied", release_id="rel_1", facts_hash=b64u(hashlib.sha256(jws.encode()).digest()), token_hash=facts().token_hash,
        intent_id=None, device_id="dev_1", decided_at=1_800_000_060_000, nonce=b64u(_seed("nonce")[:16]),
    )  # fmt: skip


def _raw(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _digests() -> list[dict[str, Any]]:
    values: list[Any] = [
        {"b": 2, "a": [1, None, True, "ü\u20ac\U0001f511"]},
        {},
        'text\n"\\\u0001',
        {"zz": 1, "Z": 2, "a_b": 3, "1": 4, "aB": 5, "a": {"10": 1, "9": 2}},
    ]
    return [
        {"domain": "ledgeros/test/v1", "value": v, "canonical": canonical_json(v).decode(), "digest": b64u(digest("ledgeros/test/v1", v))}
        for v in values
    ]


def _proofs() -> list[dict[str, Any]]:
    made = []
    ceremonies: tuple[tuple[proof.Ceremony, proof.Role], ...] = (("pairing", "extension"), ("pairing", "broker"), ("enrolment", "issuer"))
    for ceremony, role in ceremonies:
        message = {"hello": {"n": 1}, "text": "Büro"}
        key = proof.proof_key(CODE, ceremony)
        made.append({
            "ceremony": ceremony, "role": role, "code": CODE, "typed": CODE.lower().replace("-", " ").replace("1", "l"),
            "message": message, "codeId": proof.code_id(key), "proof": proof.make_proof(key, role, message),
        })  # fmt: skip
    return made


def _opening(device: Ed25519PrivateKey, broker: Ed25519PrivateKey) -> tuple[dict[str, Any], dict[str, Any]]:
    hello = channel.Hello(
        version=1, extension_version="0.1.0", device_key=b64u(_raw(device)), ephemeral=b64u(_raw(_x25519("extension ephemeral"))),
        nonce=b64u(_seed("hello")[:16]),
    ).wire()  # fmt: skip
    unsigned = channel.Welcome(
        version=1, broker_version="0.1.0", broker_id="brk_1", broker_key=b64u(_raw(broker)), paired=True,
        ephemeral=b64u(_raw(_x25519("broker ephemeral"))), nonce=b64u(_seed("welcome")[:16]), time=1_800_000_000_000, signature="x",
    ).wire()  # fmt: skip
    del unsigned["signature"]
    signature = broker.sign(digest(f"{channel.CHANNEL_DOMAIN}/broker", {"hello": hello, "welcome": unsigned}))
    return hello, {**unsigned, "signature": b64u(signature)}


def frame(key: bytes, direction: str, n: int, plaintext: bytes, *, more: bool) -> dict[str, Any]:
    """One encrypted chunk as `broker.protocol.channel.Frame` describes it."""
    associated = f"{channel.CHANNEL_DOMAIN} {direction} {n} {int(more)}".encode()
    ciphertext = AESGCM(key).encrypt(bytes(4) + n.to_bytes(8, "big"), plaintext, associated)
    return channel.Frame(n=n, more=more, ciphertext=b64u(ciphertext)).wire()


def channel_keys(shared: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """The two frame keys: extension → broker, broker → extension."""
    keys = HKDF(hashes.SHA256(), 64, salt, f"{channel.CHANNEL_DOMAIN}/keys".encode()).derive(shared)
    return keys[:32], keys[32:]


def _channel() -> dict[str, Any]:
    device, broker = _ed25519("device"), _ed25519("broker")
    hello, welcome = _opening(device, broker)
    transcript = digest(f"{channel.CHANNEL_DOMAIN}/extension", {"hello": hello, "welcome": welcome})
    shared = _x25519("broker ephemeral").exchange(_x25519("extension ephemeral").public_key())
    to_broker, to_extension = channel_keys(shared, transcript)
    message = canonical_json({"type": "ping"})
    return {
        "devicePrivate": b64u(_seed("device")), "extensionEphemeralPrivate": b64u(_seed("extension ephemeral")),
        "hello": hello, "welcome": welcome, "transcript": b64u(transcript), "finishSignature": b64u(device.sign(transcript)),
        "keyToBroker": b64u(to_broker), "keyToExtension": b64u(to_extension), "message": message.decode(),
        "toBroker": [frame(to_broker, "e2b", 0, message[:5], more=True), frame(to_broker, "e2b", 1, message[5:], more=False)],
        "toExtension": [frame(to_extension, "b2e", 0, message[:5], more=True), frame(to_extension, "b2e", 1, message[5:], more=False)],
    }  # fmt: skip


def _sealed(signed: Decision, before: dict[str, Any]) -> dict[str, Any]:
    recipient = _x25519("sealing")
    public = _raw(recipient)
    inputs = {
        "publicKey": b64u(public), "privateKey": b64u(_seed("sealing")), "decisionDigest": b64u(signed.digest()), "cardId": "card_1",
        "info": b64u(sealing.seal_info(signed.digest(), "card_1", sealing.key_id(public))),
    }  # fmt: skip
    card = sealing.Credentials(
        pan=Pan("4111111111111111"), cvv=Cvv("737"), expiration_month=3, expiration_year=2031, cardholder_name="ADA EXAMPLE", brand="Visa",
        billing=BillingAddress(line1="1 Analytical Row", city="Sacramento", state="CA", postal_code="95814", country="US"),
    )  # fmt: skip
    inputs["plaintext"] = json.loads(card.plaintext())
    if all(before.get(name) == value for name, value in inputs.items()):
        return before
    sealed = sealing.seal(card, public, signed.digest(), "card_1")
    return {**inputs, "sealed": sealed.wire()}


def _passkey_keys() -> list[dict[str, Any]]:
    """Public keys as browsers tell them (SPKI) and as authenticators do (COSE): a passkey's key id is the COSE key's."""
    elliptic = ec.derive_private_key(int.from_bytes(_seed("passkey")), ec.SECP256R1()).public_key()
    x, y = (number.to_bytes(32) for number in (elliptic.public_numbers().x, elliptic.public_numbers().y))
    edwards = _ed25519("passkey").public_key()
    keys: list[tuple[int, ec.EllipticCurvePublicKey | Ed25519PublicKey, dict[int, Any]]] = [
        (-7, elliptic, {1: 2, 3: -7, -1: 1, -2: x, -3: y}),
        (-8, edwards, {1: 1, 3: -8, -1: 6, -2: edwards.public_bytes_raw()}),
    ]
    made = []
    for algorithm, key, members in keys:
        spki, cose = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), cbor2.dumps(members)
        made.append({"algorithm": algorithm, "spki": b64u(spki), "cose": b64u(cose), "keyId": sealing.key_id(cose)})
    return made


def _texts() -> list[dict[str, Any]]:
    samples = [
        ("plain", 300), ("a <b>bold</b> move", 300), ("line\none\ttwo\r\n three", 300),
        ("rtl \u202egnp.exe", 300), ("zero\u200bwidth", 300),
        ("e\u0301", 300), ("\u00a0non\u3000breaking\u2028", 300), ("\U0001f600" * 12, 10), ("word " * 5, 11), ("a < b and c > d", 300),
        ("<" * 600, 20), ("tag \U000e0041\U000e0042", 300), ("nul\x00\x1b[31m", 300),
        ("<<b>b>x", 300), ("cafe\u200b\u0301", 300), ("<" * 9 + "b" + ">" * 9 + "x", 300), ("<" + " " * 600 + ">paid", 300),
        ("a <\u200b\u0338b>c", 300), ("\u1100\u200b\u1161", 300),
        *((_scrambled(seed), 300 if seed % 2 else 10) for seed in range(40)),
    ]  # fmt: skip
    return [{"text": text, "limit": limit, "plain": plain_text(text, limit)} for text, limit in samples]


def _scrambled(seed: int) -> str:
    """Some of what is hard, in an order that only `seed` knows."""
    chance = random.Random(seed)
    return "".join(chance.choice("<>/b x\n\u200b\u0301\u0338\u202e\u1100\u1161\u2028…") for _ in range(30))


def _origins() -> list[dict[str, Any]]:
    samples = [
        "https://shop.example.com/cart?x=1", "https://SHOP.example.com:443", "http://127.0.0.1:8080/a", "https://a@evil.example",
        "ftp://x.example", "https://evil.example\\@shop.example", "https://user.github.io/x", "https://shop.co.uk", "javascript:alert(1)",
        "https://xn--80ak6aa92e.com", "not a url", "http://pay.localhost:3000", "https://my_shop.example", "https://a!b.example/x",
    ]  # fmt: skip
    made: list[dict[str, Any]] = []
    for text in samples:
        try:
            origin = parse_origin(text)
            made.append({"text": text, "origin": origin, "domain": registrable_domain(origin)})
        except ValueError:
            made.append({"text": text, "origin": None, "domain": None})
    return made


def _money() -> list[dict[str, Any]]:
    samples = [(0, "USD"), (5, "USD"), (5000, "USD"), (123_456_789, "EUR"), (1200, "JPY"), (1234, "KWD"), (1250, "CHF")]
    return [{"amount": amount, "currency": currency, "text": format_money(amount, currency)} for amount, currency in samples]


def make(before: dict[str, Any]) -> dict[str, Any]:
    """All vectors; `before` is what the file holds now."""
    issuer = _ed25519("issuer")
    jws = sign_facts(facts(), issuer)
    signed, said_no = decision(jws), denial(jws)
    tampered = jws.replace(jws.split(".")[1][:8], b64u(unb64u(jws.split(".")[1])[:6].replace(b"acc", b"abc")), 1)
    passkey = {"codeId": "abc", "nonce": "def", "signingKey": "ghi"}
    return {
        "digests": _digests(),
        "proofs": _proofs(),
        "facts": {"issuerKey": b64u(_raw(issuer)), "jws": jws, "tampered": tampered, "facts": facts().wire()},
        "decision": {"decision": signed.wire(), "digest": b64u(signed.digest())},
        "denial": {
            "denial": said_no.wire(),
            "digest": b64u(said_no.digest()),
            "devicePrivate": b64u(_seed("device")),
            "signature": b64u(_ed25519("device").sign(said_no.digest())),
        },
        "sealing": _sealed(signed, before.get("sealing", {})),
        "channel": _channel(),
        "enrolmentPasskey": {"value": passkey, "challenge": b64u(digest("ledgeros/enrolment-passkey/v1", passkey))},
        "passkeyKeys": _passkey_keys(),
        "texts": _texts(),
        "origins": _origins(),
        "money": _money(),
        "approvals": approvals(),
    }


def main() -> None:
    """Write the file."""
    before = json.loads(VECTORS.read_text()) if VECTORS.exists() else {}
    VECTORS.write_text(json.dumps(make(before), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
