"""Payments that outlive the tool call that began them: people take longer than a model's host waits."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from broker.client import AgentError, LedgerOS, Payment, Reason

MOST_RUNNING = 8
"""Payments that may wait for people at one time."""
_MOST_KEPT = 100
_SUBMIT = "Submit the form in the page, then call ledger_status with this payment."


class TooManyPaymentsError(Exception):
    """As many payments wait as may."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the agent asked for. Amounts are minor units."""

    page_url: str
    card: str
    amount: int
    purpose: str
    currency: str
    merchant: str | None
    reason: Reason


@dataclass(slots=True)
class Begun:
    """A payment on its way, or ended. `work` ends when the form is to be submitted, `end` when the payment is over."""

    id: str
    order: Order
    work: asyncio.Task[Payment] = field(repr=False)
    end: asyncio.Task[Payment] = field(repr=False)

    async def wait(self, seconds: float) -> None:
        """Until it is the agent's turn, or over; at most `seconds`. The payment goes on when this is given up."""
        await asyncio.wait({self.end if self.work.done() else self.work}, timeout=seconds)
        await asyncio.sleep(0)  # what is ready and what has ended come one after the other

    def wire(self) -> dict[str, Any]:
        """Its state for the agent."""
        begun = {"payment": self.id, "card": self.order.card, "amount": self.order.amount, "currency": self.order.currency}
        if not self.work.done():
            sentence = "Waiting for a person's decision, or for the fill."
            return {**begun, "status": "waiting", "sentence": sentence, "nextStep": "Call ledger_status with this payment."}
        if not self.end.done() and not self.work.cancelled() and self.work.exception() is None and self.work.result().code is None:
            return {**begun, "status": "paying", **self.work.result().wire(), "nextStep": _SUBMIT}
        if self.end.cancelled():
            return {
                **begun,
                "status": "canceled",
                "sentence": "The request was taken back.",
                "nextStep": "Ask again if it is still to be bought.",
            }
        error = self.end.exception() if self.end.done() else self.work.exception()
        if error is None:
            ended = self.end.result() if self.end.done() else self.work.result()
            return {**begun, "status": "finished", **ended.wire()}
        return {**begun, "status": "failed", **failure(error)}


class Payments:
    """The payments of this process. Use it with ``async with``: at the end it takes back what still waits."""

    def __init__(self, ledgeros: LedgerOS) -> None:
        self.ledgeros = ledgeros
        self._begun: dict[str, Begun] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        running = [work for begun in self._begun.values() for work in (begun.work, begun.end) if not work.done()]
        for work in running:
            work.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def begin(self, order: Order) -> Begun:
        """Start paying; the same order while it is under way is the same payment. Raises `TooManyPaymentsError`."""
        running = [begun for begun in self._begun.values() if not begun.end.done()]
        for begun in running:
            if begun.order == order:
                return begun
        if len(running) >= MOST_RUNNING:
            raise TooManyPaymentsError
        work = asyncio.create_task(
            self.ledgeros.pay(
                page_url=order.page_url, card=order.card, amount=order.amount, purpose=order.purpose, currency=order.currency,
                merchant=order.merchant, reason=order.reason,
            )
        )  # fmt: skip
        begun = Begun(f"pay_{secrets.token_hex(8)}", order, work, asyncio.create_task(self._end(work)))
        self._begun[begun.id] = begun
        self._forget_the_oldest()
        return begun

    async def _end(self, work: asyncio.Task[Payment]) -> Payment:
        return await self.ledgeros.settled(await work)

    def find(self, payment: str) -> Begun | None:
        """The payment of that id, if this process began it."""
        return self._begun.get(payment)

    def newest(self, limit: int) -> list[Begun]:
        """The last payments, newest first."""
        return list(reversed(self._begun.values()))[:limit]

    def _forget_the_oldest(self) -> None:
        done = [begun.id for begun in self._begun.values() if begun.end.done()]
        for payment in done[: max(0, len(self._begun) - _MOST_KEPT)]:
            del self._begun[payment]


def failure(error: BaseException) -> dict[str, Any]:
    """What a failed call tells the agent."""
    if isinstance(error, AgentError):
        return {"code": error.code, "sentence": error.message, "nextStep": error.next_step, "retryAfterMs": error.retry_after_ms}
    if isinstance(error, ValueError):
        return {"code": "invalid_request", "sentence": "An argument is not valid.", "nextStep": "Check page_url and amount."}
    return {"code": "internal_error", "sentence": "Something failed in the MCP server.", "nextStep": "Look at its log."}
