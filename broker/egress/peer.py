"""Who is on the other end of the Unix socket: the kernel says it, nobody else can."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import struct
from pathlib import Path

from broker.core.errors import LedgerError

_UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7)


def peer_uid(transport: asyncio.BaseTransport) -> int | None:
    """The user id of the peer process; None where the kernel does not tell (only Linux is supported)."""
    connection = transport.get_extra_info("socket")
    if connection is None or not hasattr(socket, "SO_PEERCRED"):
        return None
    return int(_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))[1])


def prepare_socket_folder(folder: Path) -> None:
    """Make the socket's folder, or refuse one that others may write to."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.stat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise LedgerError(
            500, "unsafe_folder", "The egress's socket folder belongs to another user or is writable by others.", "Set its mode to 0700."
        )
