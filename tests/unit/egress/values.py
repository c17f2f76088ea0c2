"""Numbers of the test BIN, and what an armed release is made of."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from stdnum import luhn

from broker.core.card_number import Cvv, Pan
from broker.protocol.decision import Claimed, Decision, Seen
from broker.protocol.egress import Arm
from broker.protocol.processors import FORM, JSON, MULTIPART, TaughtEndpoint
from broker.protocol.sealing import Credentials, key_id, seal
from broker.protocol.surrogate import Surrogate

SHOP = "https://shop.example"


def number_of_test_bin(middle: str) -> str:
    """A number of the test BIN that ends in 4242: the digit before decides the check."""
    return next(n for n in (f"424242{middle}{digit}4242" for digit in range(10)) if luhn.is_valid(n))


REAL = number_of_test_bin("01739")
SURROGATE = number_of_test_bin("99480")
CODE, SURROGATE_CODE = "093", "751"
STAND_IN = Surrogate(number=SURROGATE, security_code=SURROGATE_CODE)


@dataclass
class ManualClock:
    """A clock that a test moves."""

    now: int = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.now


def decision(
    public_key: bytes, now: int, *, release_id: str = "rel_1", origin: str = SHOP, frames: tuple[str, ...] = (), life_ms: int = 120_000
) -> Decision:
    return Decision(
        version=1, release_id=release_id, token_hash="AA", facts_hash="AA", access_event_id=None, broker_id="brk_1", device_id="dev_1",
        agent_id="agent_1", card_id="card_1", last4="4242", agent_name="bot",
        claimed=Claimed(origin=None, merchant_text=None, amount=None, currency="USD", purpose="paper"),
        seen=Seen(origin=origin, frame_origins=frames, page_amount=None, first_time_here=False), mismatches=(), max_amount=5_000,
        currency="USD", reason="one-time", mode="surrogate", recipient_key_id=key_id(public_key), decided_at=now, expires_at=now + life_ms,
        nonce="AA",
    )  # fmt: skip


def credentials(number: str = REAL, code: str = CODE) -> Credentials:
    return Credentials(pan=Pan(number), cvv=Cvv(code), expiration_month=1, expiration_year=2030, cardholder_name="John Doe", brand="Visa")


def arm(agreed: Decision, public_key: bytes, card: Credentials | None = None) -> Arm:
    sealed = seal(card or credentials(), public_key, agreed.digest(), agreed.card_id)
    return Arm(decision=agreed, sealed=sealed, surrogate=STAND_IN)


def taught(host: str = "shop.localhost", origin: str = SHOP) -> TaughtEndpoint:
    return TaughtEndpoint.model_validate({
        "id": "taught-1", "name": "A shop", "host": host, "path": "/buy", "contentType": "application/x-www-form-urlencoded",
        "fields": {"number": "card[number]", "securityCode": "card[cvc]"}, "source": {"kind": "taught", "text": "Paid once by John Doe."},
        "origin": origin, "confirmedBy": "John Doe", "confirmedAt": 1,
    })  # fmt: skip


# How the demo's processors take a card that a page of many shops may send them.
PROCESSORS: dict[str, dict[str, object]] = {
    "form": {
        "host": "form-pay.localhost", "path": "/pay/*", "contentType": FORM, "accounts": [{"where": "path", "name": "1"}],
        "fields": {"number": "card[number]", "securityCode": "card[cvc]"},
    },
    "json": {
        "host": "json-pay.localhost", "path": "/v1/tokens", "contentType": JSON, "headers": ["idempotency-key"],
        "accounts": [{"where": "header", "name": "authorization"}], "fields": {"number": "/card/number", "securityCode": "/card/cvc"},
    },
    "graphql": {
        "host": "graphql-pay.localhost", "path": "/graphql", "contentType": JSON, "graphqlField": "tokenizeCreditCard",
        "headers": ["authorization"],
        "fields": {"number": "/input/creditCard/number", "securityCode": "/input/creditCard/cvv"},
    },
    "multipart": {
        "host": "multipart-pay.localhost", "path": "/pay", "contentType": MULTIPART,
        "fields": {"number": "cardnumber", "securityCode": "cvc"},
    },
    "worker": {
        "host": "worker-pay.localhost", "path": "/v1/charges", "contentType": JSON,
        "fields": {"number": "/payments/*/card/number", "securityCode": "/payments/*/card/cvc"},
    },
}  # fmt: skip


def taught_as(kind: str, origin: str = SHOP, **changes: object) -> TaughtEndpoint:
    """What a person taught about a shop that pays at one of `PROCESSORS`."""
    return TaughtEndpoint.model_validate({
        "id": f"taught-{kind}", "name": kind, "origin": origin, "source": {"kind": "taught", "text": "A person paid here once."},
        "confirmedBy": "owner", "confirmedAt": 1, **PROCESSORS[kind], **changes,
    })  # fmt: skip


def new_key() -> X25519PrivateKey:
    return X25519PrivateKey.generate()
