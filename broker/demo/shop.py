"""The demo's merchant: one product, one checkout page with a card form, HTTPS, its own process.

It holds an acquirer's sandbox key and asks LedgerOS to authorise and clear what is paid here.
Started with one JSON line on standard input (`ShopSettings`); answers one JSON line
``{"origin", "spki"}`` on standard output once it listens.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import socket
import ssl
import sys
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from broker.core.money import format_money
from broker.demo import shop_pages
from broker.demo.throwaway_certificate import throwaway_certificate

PRICE = 4_990
CURRENCY = "USD"
SHOP_NAME = "Paper & Pine"
HOST = "shop.localhost"


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """Where LedgerOS is, and the key that lets this shop's acquirer authorise there."""

    issuer_url: str
    acquirer_key: str = field(repr=False)
    ca_file: str


@dataclass(frozen=True, slots=True)
class Order:
    """One finished payment; the number is never kept."""

    paid: bool
    amount: int
    last4: str
    reason: str | None
    transaction_id: str | None
    attestation: str | None


class Shop:
    """Handlers and the orders of this run."""

    def __init__(self, settings: ShopSettings, origin: str) -> None:
        self._settings = settings
        self._origin = origin
        self._orders: dict[str, Order] = {}
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    def app(self) -> web.Application:
        """The shop's routes."""
        app = web.Application(client_max_size=16_384)
        app.router.add_get("/", self.product)
        app.router.add_get("/checkout", self.checkout)
        app.router.add_post("/pay", self.pay)
        app.router.add_get("/orders/{id}", self.order)
        return app

    async def product(self, request: web.Request) -> web.Response:
        """The product page: no card form."""
        return _page(shop_pages.product(SHOP_NAME, format_money(PRICE, CURRENCY)))

    async def checkout(self, request: web.Request) -> web.Response:
        """The checkout: order summary and card form."""
        return _page(shop_pages.checkout(SHOP_NAME, format_money(PRICE, CURRENCY)))

    async def pay(self, request: web.Request) -> web.Response:
        """Authorise and clear, then send the browser to the order's page."""
        form = await request.post()
        card = {name: str(form.get(name, "")) for name in ("number", "expiry", "code", "name")}
        order = await self._authorise(card)
        order_id = secrets.token_hex(4)
        self._orders[order_id] = order
        raise web.HTTPSeeOther(f"/orders/{order_id}")

    async def order(self, request: web.Request) -> web.Response:
        """How a payment ended."""
        order = self._orders.get(request.match_info["id"])
        if order is None:
            raise web.HTTPNotFound
        amount = format_money(order.amount, CURRENCY)
        return _page(shop_pages.outcome(SHOP_NAME, amount, order.last4, order.reason, order.attestation))

    async def _authorise(self, card: dict[str, str]) -> Order:
        digits = "".join(c for c in card["number"] if c.isdigit())
        last4 = digits[-4:]
        body = {"pan": digits, "cvv": card["code"], "amount": PRICE, "currency": CURRENCY, "merchant": self._merchant()}
        try:
            answer = await self._call("/v1/simulate/authorizations", body | _expiry(card["expiry"]))
            if answer.get("status") == "declined" or "id" not in answer:
                return Order(
                    False, PRICE, last4, str(answer.get("declinedReason") or answer.get("error") or "declined"), answer.get("id"), None
                )
            await self._call(f"/v1/simulate/transactions/{answer['id']}/clear", {})
        except (ValueError, aiohttp.ClientError, TimeoutError):
            return Order(False, PRICE, last4, "the payment could not be processed", None, None)
        return Order(True, PRICE, last4, None, answer["id"], answer.get("attestationStatus"))

    def _merchant(self) -> dict[str, str]:
        return {
            "name": SHOP_NAME, "id": "mer_paperandpine", "category": "stationery", "categoryCode": "5943",
            "city": "Portland", "country": "US", "origin": self._origin,
        }  # fmt: skip

    async def _call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Api-Key": self._settings.acquirer_key}
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.post(self._settings.issuer_url + path, json=body, ssl=self._tls, allow_redirects=False) as answer,
        ):
            result = await answer.json()
            return result if isinstance(result, dict) else {}


def _expiry(text: str) -> dict[str, int]:
    month, _, year = text.replace(" ", "").partition("/")
    number = int(year)
    return {"expirationMonth": int(month), "expirationYear": number if number > 99 else 2_000 + number}


def _page(text: str) -> web.Response:
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=text, content_type="text/html", headers=headers)


async def serve(settings: ShopSettings) -> None:
    """Listen on a free loopback port until SIGTERM."""
    certificate = throwaway_certificate(HOST)
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"https://{HOST}:{listener.getsockname()[1]}"
    runner = web.AppRunner(Shop(settings, origin).app(), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=certificate.context).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(json.dumps({"origin": origin, "spki": certificate.spki_sha256}), flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the settings from standard input and serve."""
    asyncio.run(serve(ShopSettings(**json.loads(sys.stdin.readline()))))


if __name__ == "__main__":
    main()
