"""The processors: each takes a card in its own way, and charges it when the shop's server names the token."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from broker.core.canonical import b64u
from broker.demo.shops import checkouts, pages
from broker.demo.shops.acquirer import Acquirer, CardGiven, Order
from broker.demo.shops.kinds import Kind
from broker.demo.shops.merchant import Merchant
from broker.demo.shops.origins import Origins

Reader = Callable[[web.Request], Awaitable[CardGiven]]


class Processor:
    """Cards by token, in memory, each charged once."""

    def __init__(self, merchant: Merchant, origins: Origins, acquirer: Acquirer) -> None:
        self._merchant = merchant
        self._kind = merchant.kind
        self._origins = origins
        self._acquirer = acquirer
        self._cards: dict[str, CardGiven] = {}

    def app(self) -> web.Application:
        """Routes of the host that receives cards."""
        app = web.Application(client_max_size=262_144, middlewares=[self._across_origins])
        if self._kind is Kind.FORM:
            app.router.add_post("/pay/{account}", self._charge_and_redirect)
        elif self._kind is Kind.ENCRYPTING:
            key = rsa.generate_private_key(65_537, 2_048)
            app.router.add_get("/v1/key", _answering(_public_jwk(key)))
            app.router.add_post("/v1/encrypted", self._tokens(_decrypting(key)))
        elif self._kind is not Kind.FIRST_PARTY:
            path, read = _READERS[self._kind]
            app.router.add_post(path, self._tokens(read))
        return app

    def add_fields(self, app: web.Application) -> None:
        """The page of the frame that holds the card fields."""
        frame = pages.fields_frame("Card details", pages.card_fields("number", "expiry", "code", "name"))
        script = checkouts.frame_script(self._kind, self._origins)

        async def page(request: web.Request) -> web.Response:
            return web.Response(text=frame, content_type="text/html", headers={"Cache-Control": "no-store"})

        async def code(request: web.Request) -> web.Response:
            return web.Response(text=script, content_type="text/javascript")

        app.router.add_get("/fields", page)
        app.router.add_get("/fields.js", code)

    async def redeem(self, token: str) -> Order | None:
        """Charge the card behind `token`."""
        card = self._cards.pop(token, None)
        return None if card is None else await self._acquirer.charge(card)

    def _tokens(self, read: Reader) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            try:
                card = await read(request)
            except (KeyError, ValueError, TypeError):
                raise web.HTTPBadRequest from None
            token = f"tok_{secrets.token_hex(8)}"
            self._cards[token] = card
            if self._kind is Kind.GRAPHQL:
                return web.json_response({"data": {"tokenizeCreditCard": {"token": token}}})
            return web.json_response({"id": token, "last4": card.digits[-4:]})

        return handler

    async def _charge_and_redirect(self, request: web.Request) -> web.Response:
        form = await request.post()
        card = CardGiven(*(str(form.get(f"card[{name}]", "")) for name in ("number", "exp", "cvc")))
        order = self._merchant.keep(await self._acquirer.charge(card))
        raise web.HTTPSeeOther(f"{self._merchant.origin}/orders/{order}")

    @web.middleware
    async def _across_origins(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # As real processors do for pages that hold a publishable key: any of the shop's origins may ask.
        answer = web.Response(status=204) if request.method == "OPTIONS" else await handler(request)
        if (origin := request.headers.get("Origin")) in {self._origins.of(host) for host in self._kind.hosts()}:
            answer.headers["Access-Control-Allow-Origin"] = str(origin)
            answer.headers["Access-Control-Allow-Headers"] = "content-type, authorization, idempotency-key"
        return answer


async def _json(request: web.Request) -> Any:
    # The media type is not looked at: a page may send JSON as text to spare the preflight.
    return json.loads(await request.read())


async def _from_json(request: web.Request) -> CardGiven:
    card = (await _json(request))["card"]
    return CardGiven(card["number"], card["exp"], card["cvc"])


async def _from_charges(request: web.Request) -> CardGiven:
    card = (await _json(request))["payments"][0]["card"]
    return CardGiven(card["number"], card["exp"], card["cvc"])


async def _from_graphql(request: web.Request) -> CardGiven:
    card = (await _json(request))["variables"]["input"]["creditCard"]
    return CardGiven(card["number"], card["expirationDate"], card["cvv"])


async def _from_multipart(request: web.Request) -> CardGiven:
    form = await request.post()
    if "order" not in form:
        raise ValueError("the file is missing")
    return CardGiven(*(str(form[name]) for name in ("cardnumber", "exp", "cvc")))


async def _from_fields(request: web.Request) -> CardGiven:
    form = await request.post()
    if form["key"] != checkouts.KEY:
        raise ValueError("unknown account")
    return CardGiven(*(str(form[f"card[{name}]"]) for name in ("number", "exp", "cvc")))


_READERS: dict[Kind, tuple[str, Reader]] = {
    Kind.JSON: ("/v1/tokens", _from_json),
    Kind.HOSTED: ("/v1/payment_methods", _from_fields),
    Kind.GRAPHQL: ("/graphql", _from_graphql),
    Kind.MULTIPART: ("/pay", _from_multipart),
    Kind.WORKER: ("/v1/charges", _from_charges),
}


def _decrypting(key: rsa.RSAPrivateKey) -> Reader:
    async def read(request: web.Request) -> CardGiven:
        scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        return CardGiven(*json.loads(key.decrypt(await request.read(), scheme)))

    return read


def _public_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "alg": "RSA-OAEP-256", "n": b64u(numbers.n.to_bytes(256)), "e": b64u(numbers.e.to_bytes(3))}


def _answering(value: dict[str, str]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(value)

    return handler
