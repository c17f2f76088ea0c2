"""Credentials held for one request: opened when a release is armed, gone when it was used, ended or disarmed.

A release is *armed*, then *in flight* while its one request is out, then over. Two things lead back:
a request that failed before its first byte returns it to armed; a 307 or 308 to a registered
destination opens it for exactly that leg.

Limits of forgetting: Python copies strings as it likes. The digits we hold are overwritten, the
copies that unsealing and building the request made are left to the allocator. Core dumps are off and
other processes of the user cannot read this memory (`hardening`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from broker.core.clock import Clock
from broker.egress.refusal import RefusedError
from broker.egress.scrub import PatternMaker, Patterns
from broker.protocol.decision import Decision
from broker.protocol.egress import EgressOutcome, Send
from broker.protocol.sealing import Credentials
from broker.protocol.surrogate import Surrogate

MOST_LEGS = 5


def body_hash(body: str) -> bytes:
    """A request's body (with surrogate values, as it came), to recognise it on a redirect's next leg."""
    return hashlib.sha256(body.encode()).digest()


@dataclass(frozen=True, slots=True)
class Leg:
    """The one request that may follow a 307 or 308."""

    url: str
    method: str
    body: bytes


@dataclass(slots=True)
class ArmedRelease:
    """One release's credentials and what became of them. `owner` is the connection that armed it."""

    decision: Decision
    digest: bytes
    expires_at: int
    surrogate: Surrogate
    owner: object
    maker: PatternMaker | None = field(repr=False)
    number: bytearray = field(repr=False)
    code: bytearray = field(repr=False)
    state: Literal["armed", "in_flight", "next_leg", "over"] = "armed"
    sent: bool = False
    leg: Leg | None = None
    legs_left: int = MOST_LEGS

    @classmethod
    def of(cls, decision: Decision, expires_at: int, surrogate: Surrogate, owner: object, credentials: Credentials) -> ArmedRelease:
        """Hold `credentials`; the surrogate must have been compared with them."""
        number, code = credentials.pan.reveal(), credentials.cvv.reveal()
        maker = PatternMaker(number, code, surrogate.number, surrogate.security_code)
        return cls(decision, decision.digest(), expires_at, surrogate, owner, maker, bytearray(number.encode()), bytearray(code.encode()))

    def claim(self, request: Send, clock: Clock) -> tuple[str, str, Patterns]:
        """Number, code and patterns for this one request; raises `RefusedError` (expired, or swap already used)."""
        if clock.now_ms() >= self.expires_at and self.state in ("armed", "next_leg"):
            raise RefusedError(EgressOutcome.EXPIRED)
        asked = Leg(request.url, request.method, body_hash(request.body))
        if self.maker is None or not (self.state == "armed" or (self.state == "next_leg" and asked == self.leg)):
            raise RefusedError(EgressOutcome.SWAP_ALREADY_USED)
        self.state, self.leg = "in_flight", None
        return self.number.decode(), self.code.decode(), self.maker.finish()

    def prepare(self) -> bool:
        """Make a piece of what the answer will be searched with; False when there is nothing left to make."""
        return self.maker is not None and self.state == "armed" and self.maker.step()

    def nothing_was_sent(self) -> None:
        """The request failed before its first byte: it may be made again."""
        self.state = "next_leg" if self.sent else "armed"

    def was_sent(self, next_leg: Leg | None) -> None:
        """The request went out; with `next_leg` one more may follow, and then no other."""
        self.sent = True
        self.legs_left -= 1
        if next_leg is None or self.legs_left == 0:
            self.forget()
        else:
            self.state, self.leg = "next_leg", next_leg

    def forget(self) -> None:
        """Overwrite and drop the digits; the release is over."""
        for digits in (self.number, self.code):
            digits[:] = bytes(len(digits))
            digits.clear()
        if self.maker is not None:
            self.maker.forget()
        self.state, self.maker, self.leg = "over", None, None
