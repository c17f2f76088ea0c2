"""What every step of a release shares: the unfinished ones, the way to end one, and the timers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from broker.audit import Event
from broker.core.clock import Clock
from broker.policy import Verdict
from broker.protocol.channel import Withdrawn
from broker.protocol.denial import SignedDenial
from broker.protocol.issuer_api import ReportOutcome
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.courier import Courier, Egress, Issuer
from broker.releases.endings import Ending, nothing_left
from broker.releases.limits import ReleaseLimits
from broker.releases.live import Live
from broker.releases.payments import Payment
from broker.releases.reports import Reporter
from broker.releases.states import NOTHING_SENT, Step
from broker.releases.store import ReleaseStore

_log = structlog.get_logger(__name__)
_SOONEST_MS = 20  # a timer that fires before the wall clock agrees is set again, not spun


class Desk:
    """Shared state of the service. `live` holds every unfinished release of this run."""

    def __init__(
        self,
        store: ReleaseStore,
        issuer: Issuer,
        courier: Courier,
        egress: Egress,
        reporter: Reporter,
        clock: Clock,
        limits: ReleaseLimits,
        broker_id: str,
    ) -> None:
        self.store = store
        self.issuer = issuer
        self.courier = courier
        self.egress = egress
        self.reporter = reporter
        self.clock = clock
        self.limits = limits
        self.broker_id = broker_id
        self.live: dict[str, Live] = {}
        self.unattended: set[str] = set()  # browsers that said that nobody can be asked
        self.asked_all_the_same: set[str] = set()  # agents whose rule did not decide where it might have: a person was shown it
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- background work -------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], live: Live) -> asyncio.Task[None]:
        """Run a step of `live` on its own; if it fails unexpectedly the release ends as ``internal_error``."""
        task = asyncio.create_task(self._guard(work, live))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self, milliseconds: int) -> None:
        """Wait for steps that run on their own, at most this long."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=milliseconds / 1000)

    async def cancel_steps(self) -> None:
        """Stop the steps that are still running."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, work: Coroutine[Any, Any, None], live: Live) -> None:
        try:
            await work
        except Exception:
            _log.exception("a step failed", release=live.id)
            await self.break_off(live, Ending(Outcome.INTERNAL_ERROR))

    # -- endings ---------------------------------------------------------------------------

    async def finish(
        self,
        live: Live,
        sources: Sequence[Step],
        ending: Ending,
        *,
        fields: Sequence[str] = (),
        event: Event | None = None,
        denial: SignedDenial | None = None,
        tell_browser: bool = True,
    ) -> bool:
        """End `live` if it is in one of `sources`; tells the waiting agent, the browser and LedgerOS. False if it is not."""
        if not await self.store.finish(live.id, sources, ending, fields, event, denial):
            return False
        live.end()
        self.live.pop(live.id, None)
        if live.payment is not None:
            self.spawn(self.egress.disarm(live.id), live)
        if live.report is not None:
            self.reporter.add(live.report)
        if live.facts is not None:
            void = nothing_left(ending.outcome, may_hold_card=live.held == "direct")
            self.reporter.add(report_of(live, ending.outcome, fields, denial), closes=live.opened if void else None)
        if tell_browser and live.device_id is not None:
            await self.courier.send(live.device_id, withdrawn(live.id, ending))
        return True

    async def break_off(self, live: Live, ending: Ending) -> None:
        """End `live` wherever it is; with a payment request out nobody can tell any more whether the card was charged."""
        if not await self.finish(live, NOTHING_SENT, ending):
            await self.finish(live, ("sending",), Ending(Outcome.MAY_HAVE_BEEN_CHARGED))

    async def refuse_by_rule(self, live: Live, verdict: Verdict) -> None:
        """End a pending release because of one of the broker's rules, which the agent and the log are told."""
        facts = {"releaseId": live.id, "rule": verdict.rule, **({} if live.facts is None else {"cardId": live.facts.card_id})}
        ending = Ending(Outcome.REFUSED_BY_RULE, verdict.sentence, verdict.retry_at)
        await self.finish(live, ("pending",), ending, event=Event("broker:rule:refused", facts))

    # -- time ------------------------------------------------------------------------------

    def arm(self, live: Live, at_ms: int) -> None:
        """Look at `live` again at `at_ms`."""
        delay = max(at_ms - self.clock.now_ms(), _SOONEST_MS) / 1000
        live.timers.append(asyncio.get_running_loop().call_later(delay, self._tick, live, at_ms))

    def _tick(self, live: Live, at_ms: int) -> None:
        if live.done.is_set():
            return
        if self.clock.now_ms() < at_ms:
            self.arm(live, at_ms)
        else:
            self.spawn(self.end_if_due(live), live)

    async def end_if_due(self, live: Live) -> None:
        """End `live` if its time is over."""
        now = self.clock.now_ms()
        if live.status == "pending" and now >= live.expires_at:
            await self.finish(live, ("pending",), Ending(Outcome.EXPIRED))
        elif live.waits_for_token and now >= live.expires_at:
            await self.finish(
                live, ("approved",), Ending(Outcome.EXPIRED, "The approval ended before it had a token that came to something.")
            )
        elif live.status == "filling" and live.fill_until is not None and now >= live.fill_until:
            await self.finish(live, ("filling",), Ending(Outcome.INTERRUPTED, "The browser did not say how the filling ended."))
        elif live.status == "filling" and live.gone_since is not None and now >= live.gone_since + self.limits.grace_ms:
            await self.finish(live, ("filling",), Ending(Outcome.INTERRUPTED, "The browser went away while it was filling."))
        elif live.payment is not None:
            await self._end_payment_if_due(live, live.payment, now)

    async def _end_payment_if_due(self, live: Live, payment: Payment, now: int) -> None:
        if live.status == "paying" and (now >= payment.until or (payment.last_until is not None and now >= payment.last_until)):
            await self.finish(live, ("paying",), payment.last or Ending(Outcome.SWAP_NOT_SEEN), fields=payment.fields)
        elif live.status == "paying" and live.gone_since is not None and now >= live.gone_since + self.limits.grace_ms:
            detail = "The browser went away before the page sent its payment; the stand-in in the page is worthless."
            await self.finish(live, ("paying",), Ending(Outcome.INTERRUPTED, detail))
        elif payment.swapped is not None and not payment.busy and payment.next_until is not None and now >= payment.next_until:
            await self.finish(live, ("sending",), payment.swapped, fields=payment.fields)


def report_of(live: Live, outcome: Outcome, fields: Sequence[str], denial: SignedDenial | None = None) -> ReportOutcome:
    """What LedgerOS is told about an end, or about a token that came to nothing; `denial` is the person's signed no."""
    facts_event = None if live.facts is None else live.facts.access_event_id
    return ReportOutcome(
        release_id=live.id, access_event_id=live.access_event_id or facts_event, intent_id=live.intent_id, outcome=outcome,
        fields=tuple(fields), denial=denial,
    )  # fmt: skip


def withdrawn(release_id: str, ending: Ending) -> Withdrawn:
    """The message that takes an offer back."""
    return Withdrawn(release_id=release_id, outcome=ending.outcome, message=(ending.detail or MEANINGS[ending.outcome].sentence)[:300])
