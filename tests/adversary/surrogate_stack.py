"""The whole stack in surrogate mode, with a merchant that does what a test says and keeps all that reaches it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from playwright.async_api import Page
from rich.console import Console

from broker.core.card_number import Pan
from broker.demo.browser import Look
from broker.demo.evidence import NumberSearch
from broker.demo.shops.kinds import HOST
from broker.demo.shops.pages import card_fields
from broker.demo.stage import Stage
from broker.demo.story import Story
from broker.demo.tale import Tale
from broker.demo.throwaway_certificate import throwaway_certificate
from tests.browser.surrogate import SurrogateWorld, with_egress
from tests.browser.world import World

EVIL = "evil.localhost"
HOSTS = (HOST, "form-pay.localhost", "hosted-pay.localhost", EVIL)
CHECKOUT = f"""<!doctype html><title>Checkout</title><h1>Checkout</h1><p>Total: $49.90</p>
<form method="post" action="/pay">{card_fields("number", "expiry", "code", "name")}<button>Pay $49.90</button></form>"""

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Got:
    """One request that reached the merchant."""

    host: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


async def thanks(request: web.Request) -> web.Response:
    """What an honest shop answers."""
    return web.Response(text='<p id="outcome">Thank you</p>', content_type="text/html", headers={"Access-Control-Allow-Origin": "*"})


@dataclass
class HostileMerchant:
    """Serves a checkout; answers every POST with `answer`."""

    port: int = 0
    answer: Answer = thanks
    got: list[Got] = field(default_factory=list)
    scripts: dict[str, str] = field(default_factory=dict)

    def url(self, path: str, host: str = HOST) -> str:
        """An address of the merchant."""
        return f"https://{host}:{self.port}{path}"

    def application(self) -> web.Application:
        """A checkout at every GET."""
        app = web.Application(client_max_size=1_000_000)
        app.router.add_get("/{path:.*}", self._checkout)
        app.router.add_post("/{path:.*}", self._post)
        return app

    def bodies_with(self, number: Pan | str) -> list[str]:
        """Where requests with this number arrived."""
        search = NumberSearch(number if isinstance(number, Pan) else Pan(number))
        return [f"{got.host.partition(':')[0]}{got.path}" for got in self.got if search.finds_in(got.body)]

    async def _checkout(self, request: web.Request) -> web.Response:
        if request.path in self.scripts:
            return web.Response(text=self.scripts[request.path], content_type="text/javascript")
        return web.Response(text=CHECKOUT, content_type="text/html")

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.got.append(Got(request.host, request.path, list(request.headers.items()), await request.read()))
        return await self.answer(request)


@dataclass(slots=True)
class Hostile:
    """The stack, and the merchant of the test."""

    surrogate: SurrogateWorld
    merchant: HostileMerchant

    @property
    def world(self) -> World:
        """LedgerOS, broker, browser, person."""
        return self.surrogate.world

    async def checkout(self) -> Page:
        """A tab at the hostile shop."""
        page = await self.world.story.browser.context.new_page()
        await page.goto(self.merchant.url("/checkout"))
        return page

    async def tidy(self) -> None:
        """Close the tabs of a test, and forget what the merchant got."""
        for page in self.world.story.browser.context.pages:
            if f":{self.merchant.port}/" in page.url:
                await page.close()
        await self.world.tidy()
        self.merchant.got.clear()
        self.merchant.scripts.clear()
        self.merchant.answer = thanks
        await self.surrogate.forget_modes()


@asynccontextmanager
async def hostile_stack(folder: Path) -> AsyncIterator[Hostile]:
    """Real processes, real Chromium, real extension, and the merchant."""
    certificate, merchant = throwaway_certificate(*HOSTS), HostileMerchant()
    listener = socket.create_server(("127.0.0.1", 0))
    merchant.port = listener.getsockname()[1]
    runner = web.AppRunner(merchant.application(), handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=certificate.context).start()
    async with Stage(folder, Look()) as stage:
        stage.trusted_keys.append(certificate.spki_sha256)
        stage.trusted_authorities.append(certificate.ca_pem)
        story = Story(stage, Tale(Console(quiet=True)))
        await story.set_up()
        async with with_egress(World(story)) as surrogate:
            yield Hostile(surrogate, merchant)
    await runner.cleanup()
