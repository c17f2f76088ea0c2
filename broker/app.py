"""The broker process: composes its parts, listens, and stops in good order.

In: a state folder and `BrokerSettings`. Out: the agent API and the extension channel, announced in
``endpoints.json`` and ``channel.json`` while they run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from broker.agent_api import AgentDirectory, create_app
from broker.channel import ChannelIdentity, ChannelServer, DeviceDirectory, PairingDesk
from broker.channel.handlers import Handlers
from broker.channel.identity import load_channel_key
from broker.channel.opening import Doorkeeper
from broker.channel.status import StatusWatch
from broker.core import event_loop
from broker.core.clock import Clock, SystemClock
from broker.core.ids import IdFactory
from broker.core.logs import configure_logging
from broker.core.version import own_version
from broker.egress.link import EgressLink
from broker.issuer_client import IssuerClient
from broker.pki.contexts import client_context, reload_certificate, server_context
from broker.pki.files import PkiFolder, write_private
from broker.pki.profile import Roles
from broker.releases import Releases, ReleaseStore, Reporter
from broker.settings import BrokerSettings
from broker.state import BrokerState, Identity
from broker.storage import Database

__all__ = ["BrokerSettings", "RunningBroker", "announced", "run", "running_broker"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Contexts:
    """The three TLS contexts of the broker."""

    agents: ssl.SSLContext
    channel: ssl.SSLContext
    issuer: ssl.SSLContext

    @classmethod
    def load(cls, pki: PkiFolder) -> Contexts:
        """From the certificate files."""
        return cls(
            server_context(pki, Roles.BROKER_SERVER, client_certificate=False),
            server_context(pki, Roles.BROKER_SERVER, client_certificate=True),
            client_context(pki, Roles.BROKER_CLIENT),
        )

    def reload(self, pki: PkiFolder) -> None:
        """Take up rotated files; connections made from now on use them."""
        reload_certificate(self.agents, pki, Roles.BROKER_SERVER)
        reload_certificate(self.channel, pki, Roles.BROKER_SERVER)
        reload_certificate(self.issuer, pki, Roles.BROKER_CLIENT)


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that listens."""

    identity: Identity
    agent_url: str
    channel_port: int
    releases: Releases
    database: Database
    status: StatusWatch
    egress: EgressLink
    reload_certificates: Callable[[], None]


@asynccontextmanager
async def running_broker(state: BrokerState, settings: BrokerSettings, clock: Clock | None = None) -> AsyncIterator[RunningBroker]:
    """Start the broker of `state` inside the current event loop; leaving the block stops it in good order.

    Raises `LedgerError` when the state folder lacks something.
    """
    clock = clock or SystemClock()
    identity = state.identity()
    contexts = Contexts.load(state.pki)
    async with contextlib.AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(IssuerClient(state.issuer_url, contexts.issuer, settings.issuer_limits()))
        database = stack.enter_context(state.open_database())
        parts = _compose(state, settings, identity, clock, issuer, database)
        left = await parts.releases.start()
        _log.info("unfinished releases of an earlier run were interrupted", count=left)
        await parts.store.alarms.load()
        channel_port = await _start(stack, parts, settings, contexts)
        agent_port = await _serve_agents(stack, parts, settings, contexts)
        reload = _Reloader(contexts, state.pki)
        watch = asyncio.create_task(reload.watch(settings.certificate_check_seconds))
        stack.callback(watch.cancel)
        yield RunningBroker(
            identity, f"https://localhost:{agent_port}", channel_port, parts.releases, database, parts.status, parts.egress, reload.now
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the broker is made of. None of it listens or calls anybody yet."""

    clock: Clock
    issuer: IssuerClient
    database: Database
    store: ReleaseStore
    channel: ChannelServer
    egress: EgressLink
    releases: Releases
    status: StatusWatch


def _compose(
    state: BrokerState, settings: BrokerSettings, identity: Identity, clock: Clock, issuer: IssuerClient, database: Database
) -> _Parts:
    ids = IdFactory(clock)
    doorkeeper = Doorkeeper(
        ChannelIdentity(identity.broker_id, load_channel_key(state.channel_key)),
        DeviceDirectory(database, clock),
        PairingDesk(database, clock, ids),
        clock,
        own_version(),
    )
    channel = ChannelServer(doorkeeper, settings.channel_limits())
    egress = EgressLink(settings.egress_socket or state.egress_socket, _own_uid() if settings.egress_uid is None else settings.egress_uid)
    store = ReleaseStore(database, clock)
    releases = Releases(
        store=store, issuer=issuer, courier=channel, egress=egress, reporter=Reporter(store, issuer), clock=clock, ids=ids,
        broker_id=identity.broker_id, limits=settings.release_limits(),
    )  # fmt: skip
    status = StatusWatch(issuer, channel.status_changed, store.alarms.newest)
    issuer.token_misused = store.alarms.raised = status.soon
    return _Parts(clock, issuer, database, store, channel, egress, releases, status)


async def _start(stack: contextlib.AsyncExitStack, parts: _Parts, settings: BrokerSettings, contexts: Contexts) -> int:
    """Open the extension channel, reach for the egress and watch LedgerOS; the channel's port."""
    # Stopping runs upwards from here: no new requests, then offers are withdrawn, then browsers go.
    stack.push_async_callback(parts.channel.close)
    stack.push_async_callback(parts.status.close)
    stack.push_async_callback(parts.egress.close)
    stack.push_async_callback(parts.releases.close)
    handlers = Handlers(parts.releases, parts.issuer, parts.status, parts.egress)
    port = await parts.channel.start(settings.host, settings.channel_port, contexts.channel, handlers)
    parts.egress.start(parts.releases.egress_changed)
    parts.status.start(settings.status_seconds)
    return port


async def _serve_agents(stack: contextlib.AsyncExitStack, parts: _Parts, settings: BrokerSettings, contexts: Contexts) -> int:
    """Open the agent API; its port."""
    hosts: set[str] = set()
    agents = AgentDirectory(parts.database, parts.clock, IdFactory(parts.clock))
    app = create_app(parts.releases, agents, parts.clock, lambda: frozenset(hosts), settings.agent_api_limits())
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=2.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    port = await _listen(runner, settings, contexts.agents)
    hosts.update(f"{name}:{port}" for name in ("localhost", "127.0.0.1", "[::1]"))
    return port


async def _listen(runner: web.AppRunner, settings: BrokerSettings, context: ssl.SSLContext) -> int:
    site = web.TCPSite(runner, settings.host, settings.agent_port, ssl_context=context)
    await site.start()
    return int(runner.addresses[0][1])


class _Reloader:
    """Takes up certificate files when they change."""

    def __init__(self, contexts: Contexts, pki: PkiFolder) -> None:
        self._contexts = contexts
        self._pki = pki
        self._seen = self._stamp()

    def now(self) -> None:
        """Load the files if they changed; a half-written pair is tried again at the next look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        try:
            self._contexts.reload(self._pki)
        except (OSError, ssl.SSLError):
            _log.warning("certificates could not be loaded; the old ones stay in use")
            return
        self._seen = stamp
        _log.info("certificates taken up")

    async def watch(self, every_seconds: float) -> None:
        """Look now and then."""
        while True:
            await asyncio.sleep(every_seconds)
            self.now()

    def _stamp(self) -> tuple[int, ...]:
        roles = (Roles.BROKER_SERVER, Roles.BROKER_CLIENT)
        files = [file for role in roles for file in (self._pki.certificate_file(role), self._pki.key_file(role))]
        return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


@contextlib.contextmanager
def announced(state: BrokerState, running: RunningBroker) -> Iterator[None]:
    """Say where the broker listens; ``endpoints.json`` comes last, so that it means *ready*. Both files go at the end."""
    files = {
        state.channel_file: {"port": running.channel_port},
        state.endpoints: {"agentUrl": running.agent_url, "channelPort": running.channel_port, "pid": os.getpid()},
    }
    try:
        for path, content in files.items():
            write_private(path, json.dumps(content).encode())
        yield
    finally:
        for path in files:
            path.unlink(missing_ok=True)


def run(state_dir: Path, settings: BrokerSettings | None = None) -> None:
    """Run the broker until SIGTERM or SIGINT. Blocks; raises `LedgerError` when it cannot start."""
    configure_logging()
    event_loop.run(_serve(BrokerState(state_dir), settings or BrokerSettings()))


async def _serve(state: BrokerState, settings: BrokerSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with state.exclusive():
        async with running_broker(state, settings) as running:
            await _run_until(stop, state, running)


async def _run_until(stop: asyncio.Event, state: BrokerState, running: RunningBroker) -> None:
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, running.reload_certificates)
    with announced(state, running):
        _log.info("broker ready", agent_url=running.agent_url, channel_port=running.channel_port)
        await stop.wait()
        _log.info("broker stops")


def _own_uid() -> int:
    return os.getuid() if hasattr(os, "getuid") else -1  # Windows: no egress yet
