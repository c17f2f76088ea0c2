"""What the broker remembers of an unfinished release, in memory only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from broker.protocol.channel import Deliver, DeliverSurrogate, Offer
from broker.protocol.decision import Mode, Reason, SignedDecision
from broker.protocol.facts import Facts
from broker.protocol.issuer_api import CloseWindow, ReportOutcome
from broker.releases.payments import Payment
from broker.releases.states import Step


@dataclass(slots=True, eq=False)
class Live:
    """One unfinished release. Owned by the event loop; the row in the database decides every race.

    `token` is dropped once it is spent, `deliver` (ciphertext, or stand-ins) once it is handed over. `payment` is surrogate mode's
    part, from the moment the egress holds the credentials. `asked` are the browsers it was offered to, `device_id` the last of them.
    On an intent, `signed` is the approval that waits for a token, `ready` is set while it is the agent's turn to give one, `tries`
    counts the tokens it took, `report` is how the last one ended. `opened` names what may have been left
    open at LedgerOS: an authorisation window. `held_back` is set before a release is taken back: nothing is handed over from then on,
    whatever is being written. `reason` is what the card is asked for, known before a request that repeats this one is looked for;
    `merged_into` names the release that this request repeats.
    """

    id: str
    agent_id: str
    token: str | None = field(repr=False)
    expires_at: int
    intent_id: str | None = None
    facts: Facts | None = None
    device_id: str | None = None
    asked: set[str] = field(default_factory=set)
    reason: Reason | None = None
    offer: Offer | None = None
    status: Step = "pending"
    deliver: Deliver | DeliverSurrogate | None = field(default=None, repr=False)
    delivered: bool = False
    payment: Payment | None = None
    fill_until: int | None = None
    gone_since: int | None = None
    shown: bool = False
    by_rule: bool = False
    signed: SignedDecision | None = None
    tries: int = 0
    access_event_id: str | None = None
    opened: CloseWindow | None = None
    held_back: bool = False
    report: ReportOutcome | None = None
    merged_into: str | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    @property
    def waits_for_token(self) -> bool:
        """Approved on its intent, and the agent's turn: not while a token is on its way, nor once LedgerOS has taken it."""
        return self.status == "approved" and self.signed is not None and self.ready.is_set()

    @property
    def held(self) -> Mode | None:
        """What the browser was handed."""
        if not self.delivered:
            return None
        return "direct" if self.payment is None else "surrogate"

    def end(self) -> None:
        """Forget the secrets, stop the timers, wake those who wait."""
        self.token = self.deliver = self.signed = None
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        self.ready.clear()
        self.done.set()
