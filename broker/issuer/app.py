"""LedgerOS as a process: two listeners, one database, a graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import secrets
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web

from broker.core import event_loop
from broker.core.clock import Clock, SystemClock
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory, Randomness
from broker.issuer.agents import views as agents
from broker.issuer.brokers import views as brokers
from broker.issuer.cards import views as cards
from broker.issuer.cards.vault import CardVault
from broker.issuer.context import CONTEXT, Addresses, Context
from broker.issuer.database import open_database
from broker.issuer.details import views as details
from broker.issuer.events import views as events
from broker.issuer.grants import views as grants
from broker.issuer.http import ERROR_PAGE, HOSTS, guard
from broker.issuer.intents import views as intents
from broker.issuer.keys import KeyFolder
from broker.issuer.peer import BrokerListener
from broker.issuer.ratelimit import RateLimiter
from broker.issuer.redeem import views as redeem
from broker.issuer.redeem.signatures import PublicKeys
from broker.issuer.settings import IssuerSettings
from broker.issuer.state import IssuerState
from broker.issuer.sweep import keep_sweeping
from broker.issuer.transactions import views as transactions
from broker.issuer.users import views as users
from broker.issuer.web import account_views, enrolment_views, grant_views, intent_views, kyc_views, settings_views, user_views, views
from broker.issuer.web.page import PAGES, error_page
from broker.pki.contexts import reload_certificate, server_context
from broker.pki.files import write_private
from broker.pki.profile import Roles
from broker.webui import Pages, static_routes

__all__ = ["IssuerSettings", "create_broker_listener", "create_public_app", "open_context", "run", "serve"]

_STOP_SECONDS = 5.0
_GARBAGE = 20_000  # objects before a collection looks for cycles; a batch of redeems makes more than Python's 700 and hardly a cycle


def open_context(
    state: IssuerState, settings: IssuerSettings, clock: Clock | None = None, randomness: Randomness = secrets.token_bytes
) -> Context:
    """Open the database and keys of a state folder."""
    clock = clock or SystemClock()
    keys = KeyFolder(state.keys)
    return Context(
        state=state, settings=settings, db=open_database(state.database), clock=clock, ids=IdFactory(clock, randomness),
        randomness=randomness, keys=keys, vault=CardVault(keys), limiter=RateLimiter(settings, clock),
    )  # fmt: skip


def create_public_app(context: Context) -> web.Application:
    """The API of the contract, the dashboard, the KYC pages."""
    app = web.Application(middlewares=[guard], client_max_size=context.settings.body_limit)
    app[CONTEXT] = context
    app[HOSTS] = set(context.settings.extra_hosts)
    app[PAGES] = Pages("broker.issuer.web", context.clock)
    app[ERROR_PAGE] = error_page
    for resource in (users, agents, cards, details, intents, events, redeem):
        app.add_routes(resource.routes())
    app.add_routes(transactions.routes(sandbox=context.settings.sandbox))
    for room in (views, user_views, settings_views, enrolment_views, grant_views, intent_views, kyc_views):
        app.add_routes(room.routes())
    app.add_routes(account_views.routes(app))
    app.add_routes(static_routes())
    return app


def create_broker_listener(context: Context, keys: PublicKeys) -> BrokerListener:
    """What brokers call over mutual TLS."""
    return BrokerListener(context, [*brokers.routes(), *redeem.broker_routes(keys), *grants.broker_routes(keys)])


@contextlib.asynccontextmanager
async def serve(context: Context) -> AsyncIterator[Addresses]:
    """Both listeners, until the block ends; `context.addresses` says where they are."""
    pki, settings = context.state.pki, context.settings
    if not pki.certificate_file(Roles.ISSUER_SERVER).exists():
        raise LedgerError(500, "no_certificates", "There are no certificates in this state folder.", "Make them: ledgeros certs init")
    public_tls = server_context(pki, Roles.ISSUER_SERVER, client_certificate=False)
    broker_tls = server_context(pki, Roles.ISSUER_SERVER, client_certificate=True)
    keys = PublicKeys(context.state.database)
    public, broker = create_public_app(context), create_broker_listener(context, keys)
    # The access log would hold KYC and set-up links.
    public_runner = web.AppRunner(public, access_log=None, shutdown_timeout=_STOP_SECONDS)
    broker_runner = web.ServerRunner(broker.server(), shutdown_timeout=_STOP_SECONDS)
    async with (
        _listening(public_runner, public[HOSTS], settings.host, settings.public_port, public_tls) as public_port,
        _listening(broker_runner, broker.hosts, settings.host, settings.broker_port, broker_tls) as broker_port,
    ):
        context.addresses = Addresses(f"https://localhost:{public_port}", f"https://localhost:{broker_port}")
        sweeper = asyncio.create_task(keep_sweeping(context, _certificate_watch(context, public_tls, broker_tls)))
        try:
            yield context.addresses
        finally:
            sweeper.cancel()
            await sweeper
    keys.close()


@contextlib.asynccontextmanager
async def _listening(runner: web.BaseRunner, hosts: set[str], host: str, port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        bound = int(runner.addresses[0][1])
        hosts.update(f"{name}:{bound}" for name in ("localhost", "127.0.0.1", "[::1]"))
        yield bound
    finally:
        await runner.cleanup()


def _certificate_watch(context: Context, *contexts: ssl.SSLContext) -> Callable[[], None]:
    """Take up a rotated certificate without a restart."""
    file = context.state.pki.certificate_file(Roles.ISSUER_SERVER)
    seen = file.stat().st_mtime_ns

    def look() -> None:
        nonlocal seen
        changed = file.stat().st_mtime_ns
        if changed != seen:
            seen = changed
            for tls in contexts:
                reload_certificate(tls, context.state.pki, Roles.ISSUER_SERVER)

    return look


def run(state_dir: Path, settings: IssuerSettings | None = None) -> None:
    """Run LedgerOS on a state folder until SIGTERM or SIGINT; ``endpoints.json`` appears when it is ready."""
    event_loop.run(_run(IssuerState(state_dir), settings or IssuerSettings()))


async def _run(state: IssuerState, settings: IssuerSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = open_context(state, settings)
    try:
        async with serve(context) as addresses:
            endpoints = {"publicUrl": addresses.public_url, "brokerUrl": addresses.broker_url, "pid": os.getpid()}
            gc.collect()
            gc.freeze()  # what start-up made stays: collections need not walk it again
            gc.set_threshold(_GARBAGE)
            write_private(state.endpoints, json.dumps(endpoints).encode())
            await stop.wait()
            state.endpoints.unlink(missing_ok=True)
    finally:
        context.db.close()
