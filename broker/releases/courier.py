"""What a release needs from its surroundings: a way to a browser, and LedgerOS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from broker.protocol.issuer_api import Introspected, Redeem, Redeemed, ReportOutcome
from broker.protocol.wire import Wire


class Courier(Protocol):
    """The paired browsers that are connected now (`channel.listener` is the real one)."""

    async def connected(self) -> Sequence[str]:
        """Device ids, the most recently active first."""
        ...

    async def send(self, device_id: str, message: Wire) -> bool:
        """Hand `message` to that browser; False when it is not connected."""
        ...


class Issuer(Protocol):
    """The part of LedgerOS that releases use (`issuer_client` is the real one)."""

    async def introspect(self, token: str) -> Introspected:
        """What a token is."""
        ...

    async def introspect_intent(self, intent_id: str) -> Introspected:
        """What an intent is."""
        ...

    async def close_window(self, access_event_id: str) -> None:
        """Take back what a redeem opened."""
        ...

    async def redeem(self, request: Redeem) -> Redeemed:
        """Spend a token."""
        ...

    async def report(self, outcome: ReportOutcome) -> None:
        """Tell how a release ended."""
        ...
