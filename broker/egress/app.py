"""The egress process: ``python -m broker.egress SETTINGS.json``.

Writes one JSON line to standard output when it listens: ``{"socket", "publicKey", "keyId"}``. Ends
at SIGTERM or SIGINT; what was armed and not used may then be armed again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from broker.core import event_loop
from broker.core.canonical import b64u
from broker.core.clock import Clock, SystemClock
from broker.core.errors import LedgerError
from broker.core.logs import configure_logging
from broker.egress.accounts import Accounts
from broker.egress.armoury import Armoury
from broker.egress.authorise import Authoriser
from broker.egress.hardening import harden
from broker.egress.keys import load_or_make
from broker.egress.network import open_session
from broker.egress.peer import prepare_socket_folder
from broker.egress.registry import Registry
from broker.egress.resend import Resender
from broker.egress.server import Server
from broker.egress.settings import EgressSettings
from broker.egress.spent import Spent
from broker.egress.taught import read_taught
from broker.pki.files import write_private
from broker.protocol.sealing import key_id

_LONGEST_PATH = 107  # bytes of sun_path, without its end: unix(7)


@contextlib.asynccontextmanager
async def running(settings: EgressSettings, clock: Clock) -> AsyncIterator[bytes]:
    """The egress, listening on `settings.socket`; yields its raw public key."""
    key = load_or_make(settings.folder)
    read_taught(settings.folder)  # an unsafe file stops the start, with words
    public_key = key.public_key().public_bytes_raw()
    armoury = Armoury(key, Spent(settings.folder, clock.now_ms()), settings.limits, clock)
    registry = Registry(settings.folder, sandbox=settings.sandbox)
    authoriser = Authoriser(registry, Accounts(settings.folder, key.private_bytes_raw()), settings.sandbox)
    async with open_session(settings) as session:
        resender = Resender(session, armoury, authoriser, settings.limits.response, clock)
        server = Server(resender, armoury, registry, public_key, settings.broker_uid)
        listener = await _listen(settings, server)
        try:
            yield public_key
        finally:
            listener.close()
            await server.close()


async def _listen(settings: EgressSettings, server: Server) -> asyncio.Server:
    prepare_socket_folder(settings.socket.parent)
    if len(os.fsencode(settings.socket)) > _LONGEST_PATH:
        raise LedgerError(500, "long_path", "The path of the egress's socket is too long for a socket.", "Use a state folder nearer to /.")
    before = os.umask(0o177)
    try:
        listener = await asyncio.start_unix_server(server.serve, settings.socket)
    finally:
        os.umask(before)
    if settings.broker_uid != os.getuid():
        # Another user must be able to connect; which one, the kernel tells us (`peer`).
        settings.socket.chmod(0o666)
    return listener


async def serve(settings: EgressSettings, ready: Callable[[dict[str, object]], None]) -> None:
    """Run until a signal ends it; `ready` is told where it listens, and its key."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings, SystemClock()) as public_key:
        ready({"socket": str(settings.socket), "publicKey": b64u(public_key), "keyId": key_id(public_key)})
        await stop.wait()


def run(settings: EgressSettings, announcement: Path) -> None:
    """Run as a part of ``ledgeros up``: what it listens on is written to `announcement` while it runs. Raises `LedgerError`."""
    harden()
    configure_logging()
    try:
        event_loop.run(serve(settings, lambda ready: write_private(announcement, json.dumps({**ready, "pid": os.getpid()}).encode())))
    finally:
        announcement.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Run the process with the settings file named first in `arguments`."""
    harden()
    configure_logging()
    try:
        event_loop.run(serve(_settings(arguments), _say))
    except LedgerError as error:
        sys.stderr.write(f"{error.message} {error.hint or ''}\n")
        return 1
    return 0


def _settings(arguments: list[str]) -> EgressSettings:
    hint = "Name the settings file of a state folder: python -m broker.egress STATE/egress/settings.json"
    if len(arguments) != 1:
        raise LedgerError(400, "no_settings", "The egress needs one argument.", hint)
    try:
        return EgressSettings.from_file(Path(arguments[0]))
    except OSError as error:
        raise LedgerError(400, "no_settings", f"The egress's settings cannot be read: {error.strerror}.", hint) from None


def _say(ready: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
