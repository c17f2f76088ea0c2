"""One open session with a paired browser: frames both ways."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from broker.channel.framing import MalformedError, encode, read_json
from broker.channel.limits import ChannelLimits
from broker.channel.opening import Opened, parse_outer
from broker.channel.session import FrameOpener, FrameSealer
from broker.protocol.channel import Frame, ToBroker, to_broker
from broker.protocol.egress import RequestId
from broker.protocol.wire import Id, Wire


class UnfitSend(BaseModel):
    """What is left of a `Send` that does not have the protocol's form: enough to answer it.

    Method, address and headers of a request are its page's to choose. What a page chooses does not end the session, in which
    other pages pay too.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, hide_input_in_errors=True)

    type: Literal["send"]
    request_id: RequestId
    release_id: Id


@dataclass(eq=False)
class Connection:
    """Reads and writes one browser's messages. `active_at` orders browsers by how recently a person used them."""

    opened: Opened
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    limits: ChannelLimits
    active_at: int = 0
    _sealer: FrameSealer = field(init=False, repr=False)
    _opener: FrameOpener = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sealer = FrameSealer(self.opened.keys.broker_to_extension, "b2e")
        self._opener = FrameOpener(self.opened.keys.extension_to_broker, "e2b")

    @property
    def device_id(self) -> str:
        """Who is on the other end."""
        return self.opened.device.id

    async def send(self, message: Wire) -> bool:
        """Encrypt and write `message`; False when the browser is gone or does not read."""
        if self.writer.is_closing():
            return False
        # Sealing and writing happen without a pause in between: frames leave in the order of their numbers.
        for frame in self._sealer.seal(json.dumps(message.wire(), separators=(",", ":")).encode()):
            self.writer.write(encode(frame))
        try:
            await asyncio.wait_for(self.writer.drain(), self.limits.write_seconds)
        except (OSError, TimeoutError):
            self.abort()
            return False
        return not self.writer.is_closing()

    async def receive(self) -> ToBroker | UnfitSend:
        """The next whole message.

        Raises `MalformedError` or `SessionError` for a peer that breaks the protocol, ``TimeoutError``
        for a silent one, ``OSError`` or ``asyncio.IncompleteReadError`` when it is gone.
        """
        while True:
            async with asyncio.timeout(self.limits.idle_seconds):
                outer = parse_outer(await read_json(self.reader))
            if not isinstance(outer, Frame):
                raise MalformedError("only frames travel in an open session")
            if (message := self._opener.open(outer)) is not None:
                return _parse(message)

    def abort(self) -> None:
        """End the connection at once."""
        transport = self.writer.transport
        transport.abort()


def _parse(message: bytes) -> ToBroker | UnfitSend:
    for form in (to_broker.validate_json, UnfitSend.model_validate_json):
        with contextlib.suppress(ValidationError):
            return form(message)
    raise MalformedError("an inner message does not have the protocol's form")
