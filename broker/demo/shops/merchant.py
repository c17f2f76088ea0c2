"""One shop: product, checkout, and the page of each order. A shop never keeps a number."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from broker.core.money import format_money
from broker.demo.shops import checkouts, pages
from broker.demo.shops.acquirer import Acquirer, CardGiven, Order
from broker.demo.shops.kinds import CURRENCY, PRICE, SHOP_NAME, Kind
from broker.demo.shops.origins import Origins

Redeem = Callable[[str], Awaitable[Order | None]]
"""Charges the card behind a processor's token; None for a token it does not know."""


class Merchant:
    """Handlers and the orders of this run."""

    def __init__(self, kind: Kind, origins: Origins, acquirer: Acquirer) -> None:
        self.kind = kind
        self.origin = origins.of(kind.shop_host)
        self._origins = origins
        self._acquirer = acquirer
        self._orders: dict[str, Order] = {}

    def app(self, redeem: Redeem) -> web.Application:
        """The shop's routes; `redeem` is its server's way to the processor."""

        async def finish(request: web.Request) -> web.Response:
            order = await redeem(str((await request.json()).get("token", "")))
            if order is None:
                raise web.HTTPNotFound
            return web.json_response({"order": self.keep(order)})

        app = web.Application(client_max_size=16_384)
        app.router.add_get("/", self._product)
        app.router.add_get("/checkout", self._checkout)
        app.router.add_get("/checkout.js", self._script)
        app.router.add_get("/worker.js", self._worker)
        app.router.add_get("/orders/{id}", self._order)
        app.router.add_post("/orders", finish)
        if self.kind is Kind.FIRST_PARTY:
            app.router.add_post("/pay", self._pay)
        return app

    def keep(self, order: Order) -> str:
        """Remember an order; its id."""
        order_id = secrets.token_hex(4)
        self._orders[order_id] = order
        return order_id

    async def _product(self, request: web.Request) -> web.Response:
        return self._page(pages.product(SHOP_NAME, _price(PRICE)))

    async def _checkout(self, request: web.Request) -> web.Response:
        return self._page(pages.checkout(SHOP_NAME, _price(PRICE), checkouts.card_part(self.kind, self._origins, _price(PRICE))))

    async def _script(self, request: web.Request) -> web.Response:
        return web.Response(text=checkouts.script(self.kind, self._origins), content_type="text/javascript")

    async def _worker(self, request: web.Request) -> web.Response:
        return web.Response(text=checkouts.worker(self._origins), content_type="text/javascript")

    async def _pay(self, request: web.Request) -> web.Response:
        form = await request.post()
        order = await self._acquirer.charge(CardGiven(*(str(form.get(name, "")) for name in ("number", "expiry", "code"))))
        raise web.HTTPSeeOther(f"/orders/{self.keep(order)}")

    async def _order(self, request: web.Request) -> web.Response:
        order = self._orders.get(request.match_info["id"])
        if order is None:
            raise web.HTTPNotFound
        return self._page(pages.outcome(SHOP_NAME, _price(order.amount), order.last4, order.reason, order.attestation))

    def _page(self, text: str) -> web.Response:
        others = " ".join(self._origins.of(host) for host in self.kind.hosts() if host != self.kind.shop_host)
        frames = others or "'none'"
        policy = (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; worker-src 'self'; connect-src 'self' {others}; "
            f"frame-src {frames}; form-action 'self' {others}; base-uri 'none'"
        )
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return web.Response(text=text, content_type="text/html", headers=headers)


def _price(amount: int) -> str:
    return format_money(amount, CURRENCY)
