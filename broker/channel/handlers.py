"""Where a browser's messages go."""

from __future__ import annotations

from typing import Protocol

from broker.channel.status import StatusWatch
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.channel import Approve, Deny, Enrol, EnrolAnswer, Ping, Pong, Result, Shown, ToBroker
from broker.protocol.issuer_api import DeviceEnrolled, EnrolDevice
from broker.protocol.wire import Wire


class Desk(Protocol):
    """What the channel tells about browsers (`releases.Releases` is the real one)."""

    async def browser_connected(self, device_id: str) -> None:
        """It can be reached."""
        ...

    async def browser_disconnected(self, device_id: str) -> None:
        """It cannot be reached."""
        ...

    async def browser_said(self, device_id: str, message: Shown | Approve | Deny | Result) -> None:
        """It said something about a release."""
        ...


class Enroller(Protocol):
    """LedgerOS, as far as a browser's enrolment needs it."""

    async def enrol_device(self, request: EnrolDevice) -> DeviceEnrolled:
        """Pass an enrolment on."""
        ...


class Handlers:
    """Answers one message at a time; what it answers goes back to the same browser."""

    def __init__(self, desk: Desk, enroller: Enroller, status: StatusWatch) -> None:
        self.desk = desk
        self._enroller = enroller
        self._status = status

    async def handle(self, device_id: str, message: ToBroker) -> Wire | None:
        """Do what `message` asks; returns the answer, if there is one."""
        match message:
            case Ping():
                return Pong()
            case Pong():
                return None
            case Enrol():
                return await self._enrol(message)
            case _:
                await self.desk.browser_said(device_id, message)
                return None

    async def _enrol(self, message: Enrol) -> EnrolAnswer:
        answer, error = None, None
        try:
            answer = await self._enroller.enrol_device(message.request)
        except IssuerRefusedError as refused:
            error = refused.message[:300]
        except IssuerUnavailableError as unavailable:
            error = f"{unavailable}. Try again when LedgerOS is there."
        await self._status.refresh()
        return EnrolAnswer(request_id=message.request_id, answer=answer, error=error)
