"""The tools: ``ledger_pay``, ``ledger_status``, ``ledger_card``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import asdict
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field
from pydantic.alias_generators import to_camel

from broker.client import AgentError, Card
from broker.core.version import own_version
from broker.mcp.outgoing import harmless
from broker.mcp.payments import Order, Payments, TooManyPaymentsError, failure

INSTRUCTIONS = (
    "Pays in the person's own browser. Open the checkout in a tab, then call ledger_pay with the page's address. A person, or a rule "
    "they made, decides; then the card fields are filled, `ready` is true, and you submit the page. With status `paying` the fields hold "
    "stand-ins and the real card goes in on the way: submit, then call ledger_status for the end. No tool tells a card number or approves."
)
_LONGEST_WAIT = 300
_RECENT = 10

PageUrl = Annotated[str, Field(description="Address of the checkout that is open in the browser.", max_length=2_048)]
CardId = Annotated[str, Field(description="Card id, from ledger_card.", max_length=80)]
Amount = Annotated[int, Field(description="Total in minor units: 49.90 is 4990.", gt=0, strict=True)]
Purpose = Annotated[str, Field(description="What is bought and why, for the person who decides.", min_length=1, max_length=2_000)]
Currency = Annotated[str, Field(description="ISO 4217.", pattern="^[A-Z]{3}$")]
Merchant = Annotated[str | None, Field(description="The merchant's name, as you know it.", max_length=200)]
Wait = Annotated[int, Field(description="Seconds to wait for the end before answering `waiting`.", ge=0, le=_LONGEST_WAIT)]
PaymentId = Annotated[str | None, Field(description="The payment that ledger_pay answered; leave out for all of it.", max_length=80)]
OneCard = Annotated[str | None, Field(description="Card id; leave out to list your cards.", max_length=80)]


_ACTS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)
_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)


def create_server(payments: Payments) -> MCPServer[Any]:
    """An MCP server whose tools use `payments`."""
    server: MCPServer[Any] = MCPServer("ledgeros", title="LedgerOS", version=own_version(), instructions=INSTRUCTIONS, log_level="WARNING")
    tools = Tools(payments)
    server.tool(annotations=_ACTS)(tools.ledger_pay)
    server.tool(annotations=_LOOKS)(tools.ledger_status)
    server.tool(annotations=_LOOKS)(tools.ledger_card)
    return server


class Tools:
    """The tools as a model is told of them: names, parameters and docstrings are what it reads."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    async def ledger_pay(
        self,
        page_url: PageUrl,
        card: CardId,
        amount: Amount,
        purpose: Purpose,
        currency: Currency = "USD",
        merchant: Merchant = None,
        wait_seconds: Wait = 45,
    ) -> dict[str, Any]:
        """Ask to have the checkout on page_url filled. Ends with a sentence and the next step; `waiting` while nobody decided,
        `paying` when you are to submit the form."""
        try:
            begun = self._payments.begin(Order(page_url, card, amount, purpose, currency, merchant))
        except TooManyPaymentsError:
            return _failed("too_many", "Too many payments wait for a decision.", "Wait until one of them ended: ledger_status.")
        await begun.wait(wait_seconds)
        return _answer(begun.wire())

    async def ledger_status(self, payment: PaymentId = None, wait_seconds: Wait = 0) -> dict[str, Any]:
        """How a payment stands; without one, whether LedgerOS and the broker answer, and the last payments."""
        if payment is None:
            return _answer(await _overview(self._payments))
        begun = self._payments.find(payment)
        if begun is None:
            return _failed("not_found", "This server began no such payment.", "List payments: ledger_status without one.")
        await begun.wait(wait_seconds)
        return _answer(begun.wire())

    async def ledger_card(self, card: OneCard = None) -> dict[str, Any]:
        """Your cards: id, last four digits, status, purpose, what may still be spent. Never a number."""
        ledgeros = self._payments.ledgeros
        try:
            found = await ledgeros.cards() if card is None else [await ledgeros.card(card)]
        except AgentError as error:
            return _answer({"status": "failed", **failure(error)})
        return _answer({"cards": [_card(item) for item in found]})


def _failed(code: str, sentence: str, next_step: str) -> dict[str, Any]:
    return _answer({"status": "failed", "code": code, "sentence": sentence, "nextStep": next_step})


def _answer(value: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = harmless(value)
    return answer


def _card(card: Card) -> dict[str, Any]:
    return {to_camel(name): value for name, value in asdict(card).items()}


async def _overview(payments: Payments) -> dict[str, Any]:
    ledger, broker = await asyncio.gather(
        _reachable(payments.ledgeros.ledger.cards(limit=1)), _reachable(payments.ledgeros.broker.releases(limit=1))
    )
    return {"ledgeros": ledger, "broker": broker, "payments": [begun.wire() for begun in payments.newest(_RECENT)]}


async def _reachable(call: Awaitable[Any]) -> dict[str, Any]:
    try:
        await call
    except AgentError as error:
        return {"answers": False, **failure(error)}
    return {"answers": True}
