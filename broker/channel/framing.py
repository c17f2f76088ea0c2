"""The browser's own framing: 32-bit little-endian length, then UTF-8 JSON."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

from broker.protocol.channel import MAX_MESSAGE
from broker.protocol.wire import Wire

_LENGTH = struct.Struct("<I")


class MalformedError(Exception):
    """The peer sent something that is not the protocol; the connection is over."""


async def read_json(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next JSON object. Raises `MalformedError`, or ``asyncio.IncompleteReadError`` at the end of the stream."""
    (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if size > MAX_MESSAGE:
        raise MalformedError("a message is larger than allowed")
    data = await reader.readexactly(size)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedError("a message is not JSON") from None
    if not isinstance(value, dict):
        raise MalformedError("a message is not a JSON object")
    return value


def encode(message: Wire) -> bytes:
    """`message` with its length in front."""
    data = json.dumps(message.wire(), separators=(",", ":")).encode()
    return _LENGTH.pack(len(data)) + data
