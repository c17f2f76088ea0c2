"""What the broker remembers of an unfinished release, in memory only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from broker.protocol.channel import Deliver, Offer
from broker.protocol.facts import Facts


@dataclass(slots=True, eq=False)
class Live:
    """One unfinished release. Owned by the event loop; the row in the database decides every race.

    `token` is dropped once it is spent, `deliver` (ciphertext) once it is handed over.
    """

    id: str
    token: str | None = field(repr=False)
    expires_at: int
    facts: Facts | None = None
    device_id: str | None = None
    offer: Offer | None = None
    status: str = "pending"
    deliver: Deliver | None = field(default=None, repr=False)
    delivered: bool = False
    fill_until: int | None = None
    gone_since: int | None = None
    shown: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def end(self) -> None:
        """Forget the secrets, stop the timers, wake those who wait."""
        self.token = self.deliver = None
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        self.done.set()
