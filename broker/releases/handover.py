"""The browser's side of a release: shown, decided, stopped, filled; and whether anybody is there.

A message that does not fit (another browser's, too late, a second time) changes nothing and leaves
an event that says so. An approval of other facts than were offered ends its release, and is answered.
"""

from __future__ import annotations

import re

from broker.audit import Event
from broker.policy import somebody_can_be_asked
from broker.protocol.channel import Approve, Deny, Presence, Ready, Result, Shown, Stop
from broker.protocol.egress import Send
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.decisions import decision_facts, decision_fault, fitting_denial
from broker.releases.desk import Desk, withdrawn
from broker.releases.elsewhere import NOT_HERE, offer_elsewhere
from broker.releases.endings import Ending
from broker.releases.live import Live
from broker.releases.paying import Paying
from broker.releases.redeeming import Redeeming
from broker.releases.states import Step, states_for_result

_TORN = "The page did not get the merchant's answer to its payment."
_FIELD_TYPE = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")


class Handover:
    """Takes in what browsers say about releases."""

    def __init__(self, desk: Desk, redeeming: Redeeming, paying: Paying) -> None:
        self._desk = desk
        self._redeeming = redeeming
        self._paying = paying

    async def shown(self, device_id: str, message: Shown) -> None:
        """A person can see the request now."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id or live.shown:
            return
        live.shown = True
        if live.by_rule:
            self._desk.asked_all_the_same.add(live.agent_id)
        await self._desk.store.note(Event("extension:release:shown", {"releaseId": live.id, "deviceId": device_id}))

    async def approve(self, device_id: str, message: Approve) -> None:
        """A person approved: redeem, unless the decision does not fit what was offered to this browser."""
        live = await self._pending(device_id, message.release_id, "approve")
        if live is None:
            return
        if fault := decision_fault(message, live):
            await self._misfit(device_id, live, fault)
            return
        decision, now = message.signed.decision, self._desk.clock.now_ms()
        who = "person" if decision.grant_id is None else "grant"
        approved = Event(f"{who}:release:approved", decision_facts(message, device_id))
        columns: dict[str, object] = {"origin": decision.seen.origin, "mode": decision.mode}
        if who == "person":
            columns["approved_at"] = now
        if live.intent_id is not None:
            live.expires_at = min(live.expires_at, decision.expires_at, now + self._desk.limits.approval_ms)
            columns["expires_at"] = live.expires_at
        if not await self._desk.store.move(live.id, "pending", "approved", [approved], **columns):
            await self._refuse(device_id, live.id, "approve", "already_decided")
            return
        live.status = "approved"
        if live.intent_id is None:
            self._redeeming.start(live, message.signed)
            return
        live.signed = message.signed
        live.ready.set()
        self._desk.arm(live, live.expires_at)

    async def stop(self, device_id: str, message: Stop) -> None:
        """The person stopped what they had approved: nothing is redeemed any more, and an open window is closed."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id or live.status == "pending":
            await self._refuse(device_id, message.release_id, "stop", "not_approved_here")
            return
        denial, stopped = fitting_denial(message.signed, live, device_id, "stopped")
        live.held_back = True
        stoppable: tuple[Step, ...] = ("approved", "filling", "paying")
        if not await self._desk.finish(live, stoppable, Ending(Outcome.STOPPED), event=stopped, denial=denial, tell_browser=False):
            await self._refuse(device_id, live.id, "stop", _too_late(live))

    async def presence(self, device_id: str, message: Presence) -> None:
        """Somebody can be asked at this browser, or nobody: then what nobody has seen yet is refused at once."""
        if message.attended:
            self._desk.unattended.discard(device_id)
            return
        self._desk.unattended.add(device_id)
        for live in [live for live in self._desk.live.values() if live.device_id == device_id]:
            if live.status == "pending" and not live.shown and not live.by_rule:
                await self._desk.refuse_by_rule(live, somebody_can_be_asked(attended=False))

    async def deny(self, device_id: str, message: Deny) -> None:
        """A person denied."""
        live = await self._pending(device_id, message.release_id, "deny")
        if live is None:
            return
        denial, denied = fitting_denial(message.signed, live, device_id, "denied")
        if not await self._desk.finish(live, ("pending",), Ending(Outcome.DENIED), event=denied, denial=denial, tell_browser=False):
            await self._refuse(device_id, live.id, "deny", "already_decided")

    async def result(self, device_id: str, message: Result) -> None:
        """The browser says how it ended there."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id:
            await self._refuse(device_id, message.release_id, "result", "not_offered_to_this_browser")
            return
        if message.outcome is Outcome.MAY_HAVE_BEEN_CHARGED and await self._paying.torn(live, message.detail or _TORN):
            return
        sources = states_for_result(message.outcome, live.held)
        if not sources or not _plain_names((*message.fields, *message.failed)):
            await self._refuse(device_id, live.id, "result", "impossible_here")
            return
        if message.outcome in NOT_HERE and await offer_elsewhere(self._desk, live):
            return
        verb = "filled" if message.outcome is Outcome.FILLED else "failed"
        facts = {
            "releaseId": live.id, "deviceId": device_id, "outcome": message.outcome.value,
            "fields": list(message.fields), "failed": list(message.failed),
        }  # fmt: skip
        ended = Event(f"extension:release:{verb}", facts)
        if await self._redeeming.came_to_nothing(live, _ending(message), ended):
            return
        if not await self._desk.finish(live, sources, _ending(message), fields=message.fields, event=ended, tell_browser=False):
            await self._refuse(device_id, live.id, "result", _too_late(live))

    async def ready(self, device_id: str, message: Ready) -> None:
        """Surrogate mode: the stand-ins are in the form."""
        fault = await self._paying.ready(device_id, message) if _plain_names(message.fields) else "impossible_here"
        if fault:
            await self._refuse(device_id, message.release_id, "ready", fault)

    async def send(self, device_id: str, message: Send) -> None:
        """Surrogate mode: the page's payment request, paused."""
        if fault := await self._paying.send(device_id, message):
            await self._refuse(device_id, message.release_id, "send", fault)

    async def refused_send(self, device_id: str, release_id: str) -> None:
        """The page's payment request had a form that no payment has."""
        await self._refuse(device_id, release_id, "send", "malformed")

    async def connected(self, device_id: str) -> None:
        """A browser is back: repeat what it may have missed."""
        for live in [live for live in self._desk.live.values() if live.device_id == device_id]:
            live.gone_since = None
            if live.status == "pending" and live.offer is not None and self._desk.clock.now_ms() < live.expires_at:
                await self._desk.courier.send(device_id, live.offer)
            elif live.deliver is not None:
                await self._redeeming.deliver(live)

    async def disconnected(self, device_id: str) -> None:
        """A browser is gone: pending releases wait for it, filling and paying ones for a short while."""
        self._desk.unattended.discard(device_id)
        for live in self._desk.live.values():
            if live.device_id == device_id and live.status in ("filling", "paying", "sending"):
                self._redeeming.away(live)

    # -- refusals --------------------------------------------------------------------------

    async def _pending(self, device_id: str, release_id: str, what: str) -> Live | None:
        """The live release this browser may decide on; otherwise an event, and word to the browser."""
        live = self._desk.live.get(release_id)
        if live is None:
            await self._refuse(device_id, release_id, what, "not_pending")
            if ended := await self._desk.store.ended_for(release_id, device_id):
                assert ended.outcome is not None
                await self._desk.courier.send(device_id, withdrawn(release_id, Ending(ended.outcome, ended.message)))
            return None
        if live.device_id != device_id:
            await self._refuse(device_id, release_id, what, "offered_to_another_browser")
            return None
        if live.status != "pending":
            await self._refuse(device_id, release_id, what, "already_decided")
            return None
        if self._desk.clock.now_ms() >= live.expires_at:
            await self._refuse(device_id, release_id, what, "expired")
            await self._desk.end_if_due(live)
            return None
        return live

    async def _misfit(self, device_id: str, live: Live, fault: str) -> None:
        """An approval of something else than was offered ends the release: it would fit no better again, and a person waits."""
        ending = Ending(Outcome.INTERNAL_ERROR, f"The approval is not about what was asked for ({fault}); nothing was released.")
        event = _refused(device_id, live.id, "approve", f"other_{fault}")
        if not await self._desk.finish(live, ("pending",), ending, event=event):
            await self._desk.store.note(event)

    async def _refuse(self, device_id: str, release_id: str, what: str, reason: str) -> None:
        await self._desk.store.note(_refused(device_id, release_id, what, reason))


def _refused(device_id: str, release_id: str, what: str, reason: str) -> Event:
    return Event("extension:message:refused", {"releaseId": release_id, "deviceId": device_id, "message": what, "reason": reason})


def _plain_names(names: tuple[str, ...]) -> bool:
    """Letters only: a field's name is no place for digits to travel in."""
    return all(_FIELD_TYPE.fullmatch(name) for name in names)


def _too_late(live: Live) -> str:
    return "payment_under_way" if live.status == "sending" and not live.done.is_set() else "already_finished"


def _ending(message: Result) -> Ending:
    if message.failed:
        return Ending(message.outcome, f"{MEANINGS[message.outcome].sentence} Not filled: {', '.join(message.failed)}."[:300])
    return Ending(message.outcome, message.detail)
