"""How a payment stands, as an agent should read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from broker.protocol.agent_api import Release
from broker.protocol.outcomes import MEANINGS, Outcome, Retry


@dataclass(frozen=True, slots=True)
class Payment:
    """What `LedgerOS.pay` and `LedgerOS.settled` answer. Never a card number: only its last four digits and which fields were filled.

    `code` is None while the form waits for its submit (surrogate mode); `LedgerOS.settled` has the code
    then. `sentence` says what happened, `next_step` what to do now. `release_id` names the release, and
    its receipt at LedgerOS (``GET /v1/releases/{id}/receipt``); None when none came to be. `retry_at`
    (Unix ms) is set when asking again is refused until then.
    """

    code: Outcome | None
    sentence: str
    next_step: str
    fields: tuple[str, ...] = ()
    last4: str | None = None
    release_id: str | None = None
    mode: str | None = None
    retry_at: int | None = None

    @property
    def ready(self) -> bool:
        """Whether the checkout is filled, with the card or with stand-ins: submit it now."""
        return self.code in (None, Outcome.FILLED)

    @property
    def filled(self) -> bool:
        """Whether the card itself was filled (direct mode)."""
        return self.code is Outcome.FILLED

    @property
    def paid(self) -> bool:
        """Whether the payment went out with the card (surrogate mode); the page says what the merchant answered."""
        return self.code in (Outcome.SUBMITTED, Outcome.CHALLENGE_REQUIRED)

    @property
    def value_delivered(self) -> bool:
        """Whether card details may have reached the page or the merchant."""
        return self.code is not None and MEANINGS[self.code].value_delivered

    @property
    def retry(self) -> Retry:
        """How the same purchase may be tried again; while it is being paid, not at all."""
        return "no" if self.code is None else MEANINGS[self.code].retry

    def wire(self) -> dict[str, Any]:
        """As JSON, with the members that the TypeScript client has."""
        return {
            "code": None if self.code is None else self.code.value, "ready": self.ready, "filled": self.filled,
            "paid": self.paid, "sentence": self.sentence, "nextStep": self.next_step,
            "fields": list(self.fields), "last4": self.last4, "releaseId": self.release_id, "mode": self.mode,
            "retryAt": self.retry_at, "valueDelivered": self.value_delivered, "retry": self.retry,
        }  # fmt: skip


def payment_under_way(release: Release) -> Payment:
    """The payment of a release whose form waits for its submit."""
    return Payment(
        code=None,
        sentence=release.message or "The form holds stand-ins for the card.",
        next_step=release.next_step or "Submit the form in the page; the real card goes in on the way.",
        fields=release.fields,
        last4=release.last4,
        release_id=release.id,
        mode=release.mode,
    )


def payment_of(release: Release) -> Payment:
    """The payment of a release that has an outcome."""
    code = release.outcome or Outcome.INTERRUPTED
    meaning = MEANINGS[code]
    # While a release waits for another token its next step is to give one: not what a caller of `pay` can do.
    next_step = release.next_step if release.status == "finished" else None
    return Payment(
        code=code,
        sentence=release.message or meaning.sentence,
        next_step=next_step or meaning.next_step,
        fields=release.fields,
        last4=release.last4,
        release_id=release.id,
        mode=release.mode,
        retry_at=release.retry_at,
    )


def payment_without_fill(
    code: Outcome, sentence: str | None = None, next_step: str | None = None, release: Release | None = None
) -> Payment:
    """A payment that ended on this side of the broker."""
    meaning = MEANINGS[code]
    return Payment(
        code=code,
        sentence=sentence or meaning.sentence,
        next_step=next_step or meaning.next_step,
        last4=None if release is None else release.last4,
        release_id=None if release is None else release.id,
    )
