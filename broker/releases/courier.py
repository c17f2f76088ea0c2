"""What a release needs from its surroundings: a way to a browser, LedgerOS, and the egress."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from broker.protocol.egress import Arm, Armed, Chunk, End, Fault, Head, Health, Send
from broker.protocol.issuer_api import CloseWindow, Introspected, Redeem, Redeemed, ReportOutcome
from broker.protocol.wire import Wire


class Courier(Protocol):
    """The paired browsers that are connected now (`channel.listener` is the real one)."""

    async def connected(self) -> Sequence[str]:
        """Device ids, the most recently active first."""
        ...

    async def send(self, device_id: str, message: Wire) -> bool:
        """Hand `message` to that browser; False when it is not connected."""
        ...

    async def stream(self, device_id: str, message: Wire) -> bool:
        """The next part of what that browser asked for; as `send`, but it is not looked up again."""
        ...


class Issuer(Protocol):
    """The part of LedgerOS that releases use (`issuer_client` is the real one)."""

    async def introspect(self, token: str) -> Introspected:
        """What a token is."""
        ...

    async def introspect_intent(self, intent_id: str) -> Introspected:
        """What an intent is."""
        ...

    async def close_window(self, opened: CloseWindow) -> None:
        """Take back what a redeem opened."""
        ...

    async def redeem(self, request: Redeem) -> Redeemed:
        """Spend a token."""
        ...

    async def report(self, outcome: ReportOutcome) -> None:
        """Tell how a release ended."""
        ...


class Egress(Protocol):
    """The process that holds credentials in surrogate mode (`egress.link` is the real one)."""

    @property
    def health(self) -> Health | None:
        """Who it is; None while it is not there."""
        ...

    async def arm(self, message: Arm) -> Armed | Fault:
        """Hand over sealed credentials; `LedgerError` 503 when it is not there."""
        ...

    async def disarm(self, release_id: str) -> None:
        """Have them forgotten."""
        ...

    def send(self, message: Send) -> AsyncGenerator[Head | Chunk | End, None]:
        """One paused request; the last item is `End`. `LedgerError` 503 before the first when nothing was sent."""
        ...
