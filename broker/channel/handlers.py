"""Where a browser's messages go."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from broker.channel.connection import UnfitSend
from broker.channel.status import StatusWatch
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.channel import (
    Act,
    ActAnswer,
    Approve,
    Deny,
    Enrol,
    EnrolAnswer,
    GrantsAnswer,
    ListGrants,
    MakeGrant,
    Ping,
    Pong,
    Presence,
    Ready,
    Result,
    Shown,
    Stop,
    ToBroker,
)
from broker.protocol.egress import AskCoverage, Coverage, EgressOutcome, End, Send
from broker.protocol.grants import GrantState, SignedAction, SignedGrant
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice, Grants
from broker.protocol.wire import Wire

T = TypeVar("T")
FromBrowser = Shown | Approve | Deny | Stop | Presence | Result | Ready | Send


class Desk(Protocol):
    """What the channel tells about browsers (`releases.Releases` is the real one)."""

    async def browser_connected(self, device_id: str) -> None:
        """It can be reached."""
        ...

    async def browser_disconnected(self, device_id: str) -> None:
        """It cannot be reached."""
        ...

    async def browser_said(self, device_id: str, message: FromBrowser) -> None:
        """It said something about a release, or whether somebody can be asked."""
        ...

    async def refused_send(self, device_id: str, release_id: str) -> None:
        """A payment request of its page had no form in which it could be passed on."""
        ...


class Ledger(Protocol):
    """LedgerOS, as far as browsers speak to it through the broker, which can alter nothing of what they signed."""

    async def enrol_device(self, request: EnrolDevice) -> DeviceEnrolled:
        """Pass an enrolment on."""
        ...

    async def make_grant(self, signed: SignedGrant) -> GrantState:
        """Pass a new standing rule on."""
        ...

    async def grants(self) -> Grants:
        """The standing rules there are."""
        ...

    async def act(self, signed: SignedAction) -> None:
        """Pass an action on."""
        ...


class Registry(Protocol):
    """Which checkouts can be paid in surrogate mode (`egress.link` is the real one)."""

    async def coverage(self, ask: AskCoverage) -> Coverage:
        """What is known about one."""
        ...


class Handlers:
    """Answers one message at a time; what it answers goes back to the same browser."""

    def __init__(self, desk: Desk, ledger: Ledger, status: StatusWatch, registry: Registry) -> None:
        self.desk = desk
        self._registry = registry
        self._ledger = ledger
        self._status = status

    async def handle(self, device_id: str, message: ToBroker | UnfitSend) -> Wire | None:
        """Do what `message` asks; returns the answer, if there is one."""
        match message:
            case Ping():
                return Pong()
            case Pong():
                return None
            case Enrol():
                return await self._enrol(message)
            case MakeGrant() | ListGrants():
                return await self._grants(message)
            case Act():
                _, error = await _asked(self._ledger.act(message.signed))
                return ActAnswer(request_id=message.request_id, error=error)
            case UnfitSend():
                await self.desk.refused_send(device_id, message.release_id)
                return End(request_id=message.request_id, outcome=EgressOutcome.REQUEST_REFUSED, may_have_been_charged=False)
            case AskCoverage():
                return await self._registry.coverage(message)
            case _:
                await self.desk.browser_said(device_id, message)
                return None

    async def _enrol(self, message: Enrol) -> EnrolAnswer:
        answer, error = await _asked(self._ledger.enrol_device(message.request))
        await self._status.refresh()
        return EnrolAnswer(request_id=message.request_id, answer=answer, error=error)

    async def _grants(self, message: MakeGrant | ListGrants) -> GrantsAnswer:
        known, error = None, None
        if isinstance(message, MakeGrant):
            _, error = await _asked(self._ledger.make_grant(message.signed))
        if error is None:
            known, error = await _asked(self._ledger.grants())
        return GrantsAnswer(request_id=message.request_id, grants=known.grants if known else (), error=error)


async def _asked(call: Awaitable[T]) -> tuple[T | None, str | None]:
    """LedgerOS's answer, or what to tell the person when it refused or did not answer."""
    try:
        return await call, None
    except IssuerRefusedError as refused:
        return None, refused.message[:300]
    except IssuerUnavailableError as unavailable:
        return None, f"{unavailable}. Try again when LedgerOS is there."[:300]
