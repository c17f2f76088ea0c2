"""Details, release, wait, outcome: the whole of it in one call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from broker.client.broker import BrokerClient
from broker.client.ledger import LedgerClient
from broker.core.origin import parse_origin
from broker.protocol.agent_api import Release
from broker.protocol.decision import Reason


class AgentClient:
    """An agent with its two clients, both open."""

    def __init__(self, ledger: LedgerClient, broker: BrokerClient) -> None:
        self.ledger = ledger
        self.broker = broker

    async def release(
        self,
        card_id: str,
        *,
        summary: str,
        page_url: str,
        expected_amount: int | None = None,
        expected_currency: str | None = None,
        merchant_text: str | None = None,
        reason: Reason = "one-time",
        purpose: str | None = None,
        wait_seconds: float = 150.0,
    ) -> Release:
        """Ask for card details, ask for their release on `page_url`, and wait until a person decided and the form is to be submitted.

        With status ``paying`` submit the page; `BrokerClient.wait` says how the payment ended. Otherwise look at
        ``release.outcome``: everything but ``filled`` comes with `message` and `next_step`. Amounts are
        minor units. Raises `AgentError` when LedgerOS or the broker refuses to start, ``ValueError`` for a
        `page_url` that is no web address.
        """
        details = await self.ledger.card_details(
            card_id,
            summary=summary,
            expected_amount=expected_amount,
            expected_currency=expected_currency,
            merchant_text=merchant_text,
            reason=reason,
            client_context={"origin": parse_origin(page_url)},
        )
        release = await self.broker.request_release(details.details_token, page_url=page_url, purpose=purpose)
        return release if release.status == "finished" else await self.broker.wait_until_ready(release.id, wait_seconds)


class SyncAgentClient:
    """`AgentClient` for code without an event loop; use it with ``with``."""

    def __init__(self, ledger_url: str, agent_token: str, broker_url: str, credential: str, ca_file: Path | str) -> None:
        self._ledger = LedgerClient(ledger_url, agent_token, ca_file)
        self._broker = BrokerClient(broker_url, credential, ca_file)
        self._runner = asyncio.Runner()

    def __repr__(self) -> str:
        return f"SyncAgentClient({self._ledger!r}, {self._broker!r})"

    def __enter__(self) -> Self:
        self._runner.run(self._ledger.__aenter__())
        self._runner.run(self._broker.__aenter__())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._runner.run(self._broker.__aexit__())
        self._runner.run(self._ledger.__aexit__())
        self._runner.close()

    def release(self, card_id: str, *, summary: str, page_url: str, **options: Any) -> Release:
        """As `AgentClient.release`."""
        agent = AgentClient(self._ledger, self._broker)
        return self._runner.run(agent.release(card_id, summary=summary, page_url=page_url, **options))
