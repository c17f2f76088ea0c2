"""Frames on the Unix socket: a 32-bit little-endian length, then that many bytes of UTF-8 JSON."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

from broker.protocol.egress import MAX_FRAME
from broker.protocol.wire import Wire

_LENGTH = struct.Struct("<I")


class BadFrameError(Exception):
    """The peer does not speak this protocol: close the connection."""


async def read_frame(reader: asyncio.StreamReader) -> Any:
    """The next JSON value; None when the peer closed between two frames. Raises `BadFrameError`."""
    try:
        (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise BadFrameError from None
        return None
    if size > MAX_FRAME:
        raise BadFrameError
    try:
        return json.loads(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ValueError, RecursionError):
        raise BadFrameError from None


def frame(message: Wire) -> bytes:
    """`message` as one frame."""
    body = message.model_dump_json(by_alias=True).encode()
    return _LENGTH.pack(len(body)) + body
