"""Surrogate mode, as data: what the egress holds for a release, what came of it, and what its word means."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from broker.protocol.egress import EGRESS_MEANINGS, EgressOutcome, End
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.endings import Ending

_HINTS = {"challenge_required": Outcome.CHALLENGE_REQUIRED, "blocked_by_merchant": Outcome.BLOCKED_BY_MERCHANT}
# Nothing real was sent: it was not the payment, or the payment found nobody and the page may try again.
_BETTER_MAY_COME = frozenset({
    EgressOutcome.NOT_REGISTERED, EgressOutcome.FIELD_MISMATCH, EgressOutcome.REQUEST_TOO_LARGE, EgressOutcome.MERCHANT_UNREACHABLE,
})  # fmt: skip


@dataclass(slots=True)
class Payment:
    """One armed release. Times are Unix ms.

    `until` is the end of what was armed. `fields` hold stand-ins, `ready` says that the browser said so.
    `last` is the ending that stands unless another request brings a better one by `last_until`, or null for `until`. One
    request goes out at a time: `turn` is held while one does, `queued` of them there are in all, and
    `lost` says that the egress was lost meanwhile; `torn`, in words, that the browser cannot give the page the answer.
    `swapped` is the ending after a redirect (307, 308) whose next request is awaited until `next_until`. `decided` is how the release
    ends, once no further request can change it.
    """

    until: int
    fields: tuple[str, ...] = ()
    ready: bool = False
    lost: bool = False
    torn: str | None = None
    queued: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: Ending | None = None
    last_until: int | None = None
    swapped: Ending | None = None
    next_until: int | None = None
    decided: Ending | None = None

    @property
    def busy(self) -> bool:
        """A request is out, or what it decided is being kept: nothing else ends the release now."""
        return self.turn.locked() or self.decided is not None

    def ending(self, end: End) -> Ending:
        """How the release ends with this word of the egress.

        What a page without the answer shows says nothing about the payment; what went out before a redirect stays sent.
        """
        ending = ending_of(end)
        if not MEANINGS[ending.outcome].value_delivered:
            return ending if self.swapped is None else Ending(Outcome.MAY_HAVE_BEEN_CHARGED, ending.detail)
        return ending if self.torn is None else Ending(Outcome.MAY_HAVE_BEEN_CHARGED, self.torn)

    def tear(self, why: str) -> None:
        """The browser cannot give the page the answer, and watches nothing any more."""
        self.torn = why
        if self.swapped is not None:
            self.swapped = Ending(Outcome.MAY_HAVE_BEEN_CHARGED, why)


def ending_of(end: End) -> Ending:
    """How a release ends whose last request ended so. Only `End.may_have_been_charged` decides what may be said about the card."""
    sentence = EGRESS_MEANINGS[end.outcome].sentence
    if end.outcome is EgressOutcome.SWAPPED:
        return Ending(_HINTS[end.hint] if end.hint else Outcome.SUBMITTED)
    if end.may_have_been_charged or end.outcome is EgressOutcome.SWAP_ALREADY_USED:
        return Ending(Outcome.MAY_HAVE_BEEN_CHARGED, sentence)
    return Ending(Outcome.SWAP_NOT_SEEN, sentence)


def better_may_come(end: End) -> bool:
    """Whether another request of the page may still be the payment: this one was not it, or reached nobody."""
    return end.outcome in _BETTER_MAY_COME


def may_be_repeated(end: End) -> bool:
    """Whether the page may make this very request again, for as long as the decision holds: it is told to, and a person may do it."""
    return end.outcome is EgressOutcome.MERCHANT_UNREACHABLE


def own_end(request_id: str, outcome: EgressOutcome) -> End:
    """An answer to a paused request that the broker gives itself."""
    return End(request_id=request_id, outcome=outcome, may_have_been_charged=EGRESS_MEANINGS[outcome].may_have_been_charged)
