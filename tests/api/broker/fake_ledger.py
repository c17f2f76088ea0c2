"""A LedgerOS that can misbehave."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.core.canonical import b64u
from broker.core.card_number import Cvv, Pan
from broker.core.ids import secret_hash
from broker.pki.contexts import server_context
from broker.pki.files import PkiFolder
from broker.pki.identity import peer_id
from broker.pki.profile import Roles
from broker.protocol.facts import Facts, sign_facts
from broker.protocol.issuer_api import Introspected, Redeem, Redeemed, Window
from broker.protocol.sealing import Credentials, seal
from broker.protocol.surrogate import SurrogateCard
from tests.api.broker.waiting import ManualClock

ORIGIN = "https://shop.example.com"

NUMBER = "4242421234567897"


def new_token() -> str:
    return "tok_" + secrets.token_urlsafe(32)


@dataclass
class FakeLedger:
    """The outside world: a TLS server that speaks ``protocol/issuer_api`` and does what a test tells it.

    `answers` replaces the answer of a path; `pause` holds every answer back until it is set.
    """

    pki: PkiFolder
    clock: ManualClock
    broker_id: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    recipients: dict[str, bytes] = field(default_factory=dict)
    stand_in: SurrogateCard | None = None
    tokens: dict[str, Facts] = field(default_factory=dict)
    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    pause: asyncio.Event | None = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    url: str = ""

    def mint(self, *, card_id: str = "card_1", seconds: float = 120, **changes: Any) -> str:
        """A token that LedgerOS knows."""
        token = new_token()
        self.tokens[token] = example_facts(token, self.broker_id, self.clock.now_ms() + int(seconds * 1000), card_id=card_id, **changes)
        return token

    def intend(self, *, seconds: float = 1800, **changes: Any) -> str:
        """An intent that LedgerOS knows."""
        intent_id = f"int_{secrets.token_hex(8)}"
        about = {"token_hash": None, "access_event_id": None, "intent_id": intent_id, **changes}
        self.tokens[intent_id] = example_facts(intent_id, self.broker_id, self.clock.now_ms() + int(seconds * 1000), **about)
        return intent_id

    def answer(self, path: str, body: Any, status: int = 200) -> None:
        """From now on `path` answers this."""
        self.answers[path] = lambda: web.json_response(body, status=status)

    def called(self, path: str) -> list[dict[str, Any]]:
        return [body for seen, body in self.calls if seen == path]

    @asynccontextmanager
    async def running(self, role: Roles = Roles.ISSUER_SERVER, port: int = 0) -> AsyncIterator[Self]:
        app = web.Application()
        app.router.add_route("*", "/broker/v1/{path:.+}", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=server_context(self.pki, role, client_certificate=True))
        await site.start()
        self.url = f"https://localhost:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        body = await request.json() if request.can_read_body else {}
        self.calls.append((path, body))
        assert peer_id(request.transport, "broker") == self.broker_id
        if self.pause is not None:
            await self.pause.wait()
        if path in self.answers:
            return self.answers[path]()
        match path:
            case "health":
                return web.json_response(
                    {"time": self.clock.now_ms(), "brokerId": self.broker_id, "enrolled": True, "organisationName": "Acme"}
                )
            case "introspect":
                return web.json_response(self._introspect(body["token"] or body["intentId"]).wire())
            case "redeem":
                return self._redeem(Redeem.read(body))
            case _:
                return web.json_response({})

    def _introspect(self, token: str) -> Introspected:
        facts = self.tokens.get(token)
        if facts is None:
            return Introspected(active=False, reason="unknown", message=None, facts=None)
        if token in self.spent:
            return Introspected(active=False, reason="used", message=None, facts=None)
        if facts.expires_at <= self.clock.now_ms():
            return Introspected(active=False, reason="expired", message=None, facts=None)
        return Introspected(active=True, reason=None, message=None, facts=sign_facts(facts, self.key))

    def _redeem(self, request: Redeem) -> web.Response:
        if request.token in self.spent:
            return refuse(410, "already_used", "The token was used before.")
        self.spent.append(request.token)
        decision = request.signed.decision
        card = Credentials(
            pan=Pan(NUMBER), cvv=Cvv("737"), expiration_month=3, expiration_year=2031, cardholder_name="ADA EXAMPLE", brand="Visa"
        )
        sealed = seal(card, self.recipients[decision.recipient_key_id], decision.digest(), decision.card_id)
        window = Window(id="win_1", max_amount=decision.max_amount, currency="USD", expires_at=self.clock.now_ms() + 900_000)
        surrogate = self.stand_in if decision.mode == "surrogate" else None
        event = decision.access_event_id or f"evt_{len(self.spent)}"
        return web.json_response(Redeemed(access_event_id=event, sealed=sealed, window=window, surrogate=surrogate).wire())


def refuse(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": message, "code": code}, status=status)


def example_facts(token: str, broker_id: str, expires_at: int, **changes: Any) -> Facts:
    facts: dict[str, Any] = {
        "issued_at": expires_at - 120_000, "token_hash": b64u(secret_hash(token)), "access_event_id": f"evt_{secret_hash(token).hex()[:8]}",
        "expires_at": expires_at, "broker_id": broker_id, "organisation_name": "Acme", "user_name": "Ada", "agent_id": "agent_1",
        "agent_name": "checkout-bot", "card_id": "card_1", "card_brand": "Visa", "last4": NUMBER[-4:], "card_purpose": "Paper",
        "card_type": "single", "remaining": 10_000, "max_amount": 10_000, "summary": "Paper for the office", "expected_amount": 5_000,
        "expected_currency": "USD", "merchant_text": "Shop", "origin": None, "linked_origins": (), "approval": "click",
        "step_up_above": 10_000, "amount_tolerance_basis_points": 200,
    }  # fmt: skip
    return Facts(**{**facts, **changes})
