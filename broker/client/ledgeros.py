"""``pay``: one call from a page to a filled checkout, approval first."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from broker.client.agent import AgentClient
from broker.client.broker import BrokerClient
from broker.client.configuration import Configuration
from broker.client.errors import AgentError
from broker.client.ledger import Card, LedgerClient
from broker.client.payment import Payment
from broker.client.purchase import Purchase, decide_first, refused, settle, standing
from broker.core.origin import parse_origin
from broker.protocol.decision import Reason

DECISION_SECONDS = 900.0
"""How long `LedgerOS.pay` waits for a person, unless told otherwise: as long as an approval can last."""
SETTLE_SECONDS = 150.0
"""How long `LedgerOS.settled` waits, unless told otherwise: longer than what is armed in surrogate mode may wait for a page, and be out."""

T = TypeVar("T")


class LedgerOS:
    """An agent's way to pay. Use it with ``async with``; its repr shows addresses only.

    `settle_seconds` is the pause before the one retry, for a page that is still moving.
    """

    def __init__(self, configuration: Configuration, *, settle_seconds: float = 1.0) -> None:
        self.ledger = LedgerClient(configuration.ledger_url, configuration.agent_token, configuration.ca_file)
        self.broker = BrokerClient(configuration.broker_url, configuration.broker_credential, configuration.ca_file)
        self._settle_seconds = settle_seconds

    @classmethod
    def from_file(cls, path: Path | str) -> Self:
        """With the configuration in `path`; raises `ConfigurationError`."""
        return cls(Configuration.read(path))

    def __repr__(self) -> str:
        return f"LedgerOS({self.ledger!r}, {self.broker!r})"

    async def __aenter__(self) -> Self:
        await self.ledger.__aenter__()
        await self.broker.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.broker.__aexit__()
        await self.ledger.__aexit__()

    async def pay(
        self,
        *,
        page_url: str,
        card: str,
        amount: int,
        purpose: str,
        currency: str = "USD",
        merchant: str | None = None,
        reason: Reason = "one-time",
        approval_first: bool = True,
        wait_seconds: float = DECISION_SECONDS,
    ) -> Payment:
        """Have the checkout on `page_url` filled with `card` (its id), once a person or a standing rule approved it.

        `amount` is in minor units, `purpose` and `merchant` are your words for the person. Say `reason` ``subscription`` when the
        merchant will charge again: the person is told and approves it, and without it later charges are declined. The person
        decides first and the token is made afterwards, so that they have `wait_seconds` and not 120 s;
        when nothing reached the page it is tried once more under the same decision. With
        ``approval_first=False`` the token comes first, and there is no second try.

        When the answer is `ready`, submit the form, then ask `settled` how the payment ended: with ``filled`` that is the
        merchant's to say, in surrogate mode (`code` None until then) the real card goes in on the way. Everything else
        comes with a sentence and a next step. When
        you cancel the call, or nobody decides in time, the request is taken back: nothing is filled later.

        Raises `AgentError` for a request that is wrong (a card that is not yours, the rate limit),
        `UnreachableError` when LedgerOS or the broker does not answer, ``ValueError`` for an argument.
        """
        purchase = Purchase(card, page_url, parse_origin(page_url), _checked(amount), currency, merchant, purpose, reason)
        try:
            if approval_first:
                return await decide_first(self.ledger, self.broker, purchase, wait_seconds, self._settle_seconds)
            return await self._token_first(purchase, wait_seconds)
        except AgentError as error:
            payment = refused(error)
            if payment is None:
                raise
            return payment

    async def settled(self, payment: Payment, wait_seconds: float = SETTLE_SECONDS) -> Payment:
        """How `payment` ended after the form was submitted: at once in direct mode, when the payment went out in surrogate mode.

        After `wait_seconds` it is answered as it stands, `code` still None. Raises `AgentError` and `UnreachableError`.
        """
        return await settle(self.ledger, self.broker, payment, wait_seconds)

    async def card(self, card_id: str) -> Card:
        """One of this agent's cards."""
        return await self.ledger.card(card_id)

    async def cards(self) -> list[Card]:
        """This agent's cards, newest first (at most 100)."""
        return await self.ledger.cards()

    async def _token_first(self, purchase: Purchase, wait_seconds: float) -> Payment:
        release = await AgentClient(self.ledger, self.broker).release(
            purchase.card_id,
            summary=purchase.purpose,
            page_url=purchase.page_url,
            expected_amount=purchase.amount,
            expected_currency=purchase.currency,
            merchant_text=purchase.merchant,
            reason=purchase.reason,
            purpose=purchase.purpose,
            wait_seconds=wait_seconds,
        )
        return standing(release)


class SyncLedgerOS:
    """`LedgerOS` for code without an event loop; use it with ``with``."""

    def __init__(self, configuration: Configuration, *, settle_seconds: float = 1.0) -> None:
        self._agent = LedgerOS(configuration, settle_seconds=settle_seconds)
        self._runner: asyncio.Runner | None = None

    @classmethod
    def from_file(cls, path: Path | str) -> Self:
        """As `LedgerOS.from_file`."""
        return cls(Configuration.read(path))

    def __repr__(self) -> str:
        return f"Sync{self._agent!r}"

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self._run(self._agent.__aenter__())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._run(self._agent.__aexit__())
        assert self._runner is not None
        self._runner.close()
        self._runner = None

    def pay(self, *, page_url: str, card: str, amount: int, purpose: str, **options: Any) -> Payment:
        """As `LedgerOS.pay`."""
        return self._run(self._agent.pay(page_url=page_url, card=card, amount=amount, purpose=purpose, **options))

    def settled(self, payment: Payment, wait_seconds: float = SETTLE_SECONDS) -> Payment:
        """As `LedgerOS.settled`."""
        return self._run(self._agent.settled(payment, wait_seconds))

    def card(self, card_id: str) -> Card:
        """As `LedgerOS.card`."""
        return self._run(self._agent.card(card_id))

    def cards(self) -> list[Card]:
        """As `LedgerOS.cards`."""
        return self._run(self._agent.cards())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._runner is None:
            work.close()
            raise RuntimeError("open the client first: with …")
        return self._runner.run(work)


def _checked(amount: int) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
        raise ValueError("amount must be a whole number of minor units above 0 (49.90 is 4990)")
    return amount
