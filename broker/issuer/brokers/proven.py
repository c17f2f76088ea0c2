"""What browsers and egresses share when they enrol: keys that can be sealed to, and the proof by the code a person typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy import Row

from broker.core.canonical import unb64u
from broker.core.errors import LedgerError
from broker.issuer.brokers import codes
from broker.issuer.brokers.services import NOT_ENROLLED, active_broker
from broker.issuer.context import Context
from broker.issuer.events.services import record
from broker.protocol.issuer_api import EnrolDevice, EnrolEgress
from broker.protocol.proof import Role, check_proof, make_proof
from broker.storage import Transaction


@dataclass(frozen=True, slots=True)
class Proven:
    """A request whose code was right, and is used up. `key` proves LedgerOS's answer to the other side."""

    broker: Row[Any]
    code: Row[Any]
    key: bytes = field(repr=False)
    request: dict[str, Any] = field(repr=False)

    def answer(self, members: dict[str, Any]) -> dict[str, Any]:
        """`members` with the proof that they come from the LedgerOS whose code was typed."""
        return {**members, "proof": make_proof(self.key, "issuer", {"request": self.request, "answer": members})}


def prove(
    tx: Transaction, context: Context, broker_id: str, kind: codes.Kind, role: Role, body: EnrolDevice | EnrolEgress, now: int
) -> Proven | LedgerError:
    """Check the proof in `body` against the open code it names, and use the code up; every refusal leaves an event or counts a try."""
    broker = active_broker(tx.sql, broker_id)
    if broker is None:
        return LedgerError(*NOT_ENROLLED)
    code = codes.open_code(tx, body.code_id, kind, now)
    if isinstance(code, LedgerError):
        record(tx, now, "broker:enrolment:refused", broker.org_id, broker=broker_id, reason=code.code)
        return code
    key = context.vault.disclose(body.code_id, code.proof_key)
    request = body.wire()
    claimed = {name: value for name, value in request.items() if name != "proof"}
    if code.org_id != broker.org_id or not check_proof(key, role, claimed, body.proof):
        return codes.failed_try(tx, code, now, broker_id)
    if not codes.use(tx, code.id, now):
        return LedgerError(*codes.BAD_CODE)
    return Proven(broker, code, key, request)


def sealing_key(text: str) -> bytes:
    """The X25519 public key in `text`; ``ValueError`` for one that no seal may use."""
    key = unb64u(text)
    # A low-order point would make every seal to it readable: the exchange refuses it.
    X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(key))
    return key
