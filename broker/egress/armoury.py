"""All releases this process holds: arms them, finds them, forgets them in time."""

from __future__ import annotations

import asyncio

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.core.clock import Clock
from broker.egress.armed import ArmedRelease
from broker.egress.refusal import RefusedError
from broker.egress.settings import Limits
from broker.egress.spent import Spent
from broker.protocol.decision import Decision
from broker.protocol.egress import Arm, EgressOutcome, Fault
from broker.protocol.sealing import Credentials, key_id, unseal
from broker.protocol.surrogate import Surrogate

_REMEMBERED = 1_000


class NotArmedError(Exception):
    """The release was not armed; `fault` is the answer that says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Armoury:
    """The armed releases of one egress key."""

    def __init__(self, key: X25519PrivateKey, spent: Spent, limits: Limits, clock: Clock) -> None:
        self._key = key
        self._key_id = key_id(key.public_key().public_bytes_raw())
        self._spent = spent
        self._limits = limits
        self._clock = clock
        self._held: dict[str, ArmedRelease] = {}
        self._over: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._held)

    def arm(self, message: Arm, owner: object) -> ArmedRelease:
        """Open the credentials under the message's decision and hold them; raises `NotArmedError`."""
        decision = message.decision
        self._check(decision, message)
        credentials = self._open(message)
        _check_surrogate(message.surrogate, credentials, decision)
        if not self._claimed(decision):
            raise _not_armed("already_used", "This decision was armed before; it works once.", decision)
        expires_at = min(decision.expires_at, self._clock.now_ms() + int(self._limits.life * 1_000))
        release = ArmedRelease.of(decision, expires_at, message.surrogate, owner, credentials)
        self._held[decision.release_id] = release
        asyncio.get_running_loop().call_later((expires_at - self._clock.now_ms()) / 1_000, self._end_of_life, release)
        asyncio.get_running_loop().call_soon(self._prepare, release)
        return release

    def find(self, release_id: str) -> ArmedRelease:
        """The release; raises `RefusedError`: swap already used, or expired for one that is not known (any more)."""
        release = self._held.get(release_id)
        if release is None:
            raise RefusedError(EgressOutcome.SWAP_ALREADY_USED if release_id in self._over else EgressOutcome.EXPIRED)
        return release

    def settle(self, release: ArmedRelease) -> None:
        """After a request: drop the release if it is over, or its life has ended."""
        if release.state == "over" or self._clock.now_ms() >= release.expires_at:
            self._drop(release)

    def disarm(self, release_id: str) -> bool:
        """Forget a release; whether there was one to forget. A request in flight goes on to its end."""
        release = self._held.get(release_id)
        if release is None or release.state == "in_flight":
            return False
        self._drop(release)
        return True

    def disarm_all(self, owner: object | None = None) -> None:
        """Forget every release, or every one that `owner` armed."""
        for release in [held for held in self._held.values() if owner is None or held.owner is owner]:
            self._drop(release)

    def _check(self, decision: Decision, message: Arm) -> None:
        if decision.mode != "surrogate":
            raise _not_armed("wrong_mode", "The decision is not for surrogate mode.", decision)
        if not self._key_id == message.sealed.key_id == decision.recipient_key_id:
            raise _not_armed("wrong_key", "The credentials are sealed to another key than this egress's.", decision)
        if decision.expires_at <= self._clock.now_ms():
            raise _not_armed("expired", "The decision has ended.", decision)
        if decision.release_id in self._held or decision.release_id in self._over:
            raise _not_armed("already_used", "This release was armed before; it works once.", decision)
        if len(self._held) >= self._limits.armed:
            raise _not_armed("busy", "Too many releases are armed at once.", decision)

    def _open(self, message: Arm) -> Credentials:
        try:
            return unseal(message.sealed, self._key, message.decision.digest(), message.decision.card_id)
        except (InvalidTag, ValueError):
            raise _not_armed("bad_seal", "The credentials do not open under this decision.", message.decision) from None

    def _claimed(self, decision: Decision) -> bool:
        try:
            return self._spent.claim(decision.digest(), decision.expires_at)
        except OSError:  # as with a full disk: only this one is refused
            raise _not_armed("busy", "The egress cannot write down that this decision was armed.", decision) from None

    def _prepare(self, release: ArmedRelease) -> None:
        # After the answer, and piece by piece: the page is being filled meanwhile, and other payments go on.
        if release.prepare():
            asyncio.get_running_loop().call_soon(self._prepare, release)

    def _end_of_life(self, release: ArmedRelease) -> None:
        # A request that is out is let finish; `settle` drops the release then.
        if release.state != "in_flight" and self._held.get(release.decision.release_id) is release:
            self._drop(release)

    def _drop(self, release: ArmedRelease) -> None:
        self._held.pop(release.decision.release_id, None)
        if release.sent or release.state == "in_flight":
            self._over[release.decision.release_id] = None
            if len(self._over) > _REMEMBERED:
                self._over.pop(next(iter(self._over)))
        else:
            self._spent.give_back(release.digest, release.decision.expires_at)
        release.forget()


def _check_surrogate(surrogate: Surrogate, credentials: Credentials, decision: Decision) -> None:
    number, other = credentials.pan.reveal(), surrogate.number
    alike = len(number) == len(other) and number[:6] == other[:6] and number[-4:] == other[-4:] == decision.last4
    if not alike or number == other or len(credentials.cvv.reveal()) != len(surrogate.security_code):
        raise _not_armed("wrong_surrogate", "The surrogate does not belong to this card.", decision)


def _not_armed(code: str, message: str, decision: Decision) -> NotArmedError:
    return NotArmedError(Fault.model_validate({"code": code, "message": message, "releaseId": decision.release_id}))
