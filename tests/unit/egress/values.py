"""Numbers of the test BIN, and what an armed release is made of."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from stdnum import luhn

from broker.core.card_number import Cvv, Pan
from broker.protocol.decision import Claimed, Decision, Seen
from broker.protocol.egress import Arm
from broker.protocol.processors import TaughtEndpoint
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


def new_key() -> X25519PrivateKey:
    return X25519PrivateKey.generate()
