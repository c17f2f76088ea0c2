"""The browser's side of a release: shown, decided, redeemed, delivered, filled.

A message that does not fit (another browser's, too late, a second time, other facts) changes
nothing and leaves an event that says so.
"""

from __future__ import annotations

import re

from broker.audit import Event
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.channel import Approve, Deliver, Deny, Result, Shown
from broker.protocol.decision import SignedDecision
from broker.protocol.issuer_api import Redeem, Redeemed
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.decisions import decision_facts, decision_fault
from broker.releases.desk import Desk, withdrawn
from broker.releases.introspection import Ending, refusal
from broker.releases.live import Live
from broker.releases.states import states_for_result

_FIELD_TYPE = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")
_UNKNOWN = "LedgerOS did not answer the redeem; it is unknown whether the token was spent. Ask for new card details."


class Handover:
    """Takes in what browsers say about releases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def shown(self, device_id: str, message: Shown) -> None:
        """A person can see the request now."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id or live.shown:
            return
        live.shown = True
        await self._desk.store.note(Event("extension:release:shown", {"releaseId": live.id, "deviceId": device_id}))

    async def approve(self, device_id: str, message: Approve) -> None:
        """A person approved: redeem, unless the decision does not fit what was offered to this browser."""
        live = await self._pending(device_id, message.release_id, "approve")
        if live is None:
            return
        if fault := decision_fault(message, live):
            await self._refuse(device_id, live.id, "approve", f"other_{fault}")
            return
        approved = Event("person:release:approved", decision_facts(message, device_id))
        columns = {"origin": message.signed.decision.seen.origin, "mode": message.signed.decision.mode}
        if not await self._desk.store.move(live.id, "pending", "approved", [approved], **columns):
            await self._refuse(device_id, live.id, "approve", "already_decided")
            return
        live.status = "approved"
        self._desk.spawn(self._redeem(live, message.signed), live)

    async def deny(self, device_id: str, message: Deny) -> None:
        """A person denied."""
        live = await self._pending(device_id, message.release_id, "deny")
        if live is None:
            return
        denied = Event("person:release:denied", {"releaseId": live.id, "deviceId": device_id})
        if not await self._desk.finish(live, ("pending",), Ending(Outcome.DENIED), event=denied, tell_browser=False):
            await self._refuse(device_id, live.id, "deny", "already_decided")

    async def result(self, device_id: str, message: Result) -> None:
        """The browser says how it ended there."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id:
            await self._refuse(device_id, message.release_id, "result", "not_offered_to_this_browser")
            return
        sources = states_for_result(message.outcome, delivered=live.delivered)
        # Letters only: a field's name is no place for digits to travel in.
        if not sources or not all(_FIELD_TYPE.fullmatch(name) for name in (*message.fields, *message.failed)):
            await self._refuse(device_id, live.id, "result", "impossible_here")
            return
        verb = "filled" if message.outcome is Outcome.FILLED else "failed"
        facts = {
            "releaseId": live.id, "deviceId": device_id, "outcome": message.outcome.value,
            "fields": list(message.fields), "failed": list(message.failed),
        }  # fmt: skip
        ended = Event(f"extension:release:{verb}", facts)
        if not await self._desk.finish(live, sources, _ending(message), fields=message.fields, event=ended, tell_browser=False):
            await self._refuse(device_id, live.id, "result", "already_finished")

    async def connected(self, device_id: str) -> None:
        """A browser is back: repeat what it may have missed."""
        for live in [live for live in self._desk.live.values() if live.device_id == device_id]:
            live.gone_since = None
            if live.status == "pending" and live.offer is not None and self._desk.clock.now_ms() < live.expires_at:
                await self._desk.courier.send(device_id, live.offer)
            elif live.deliver is not None:
                await self._deliver(live)

    async def disconnected(self, device_id: str) -> None:
        """A browser is gone: pending releases wait for it, filling ones for a short while."""
        for live in self._desk.live.values():
            if live.device_id == device_id and live.status == "filling":
                self._away(live)

    # -- steps -----------------------------------------------------------------------------

    async def _redeem(self, live: Live, signed: SignedDecision) -> None:
        token = live.token
        if token is None:
            return
        try:
            redeemed = await self._desk.issuer.redeem(Redeem(token=token, signed=signed))
        except IssuerRefusedError as error:
            ending = refusal(error)
            refused = Event("issuer:redeem:refused", {"releaseId": live.id, "status": error.status, "outcome": ending.outcome.value})
            await self._desk.finish(live, ("approved",), ending, event=refused)
            return
        except IssuerUnavailableError:
            unknown = Event("issuer:redeem:unanswered", {"releaseId": live.id})
            await self._desk.finish(live, ("approved",), Ending(Outcome.ISSUER_UNAVAILABLE, _UNKNOWN), event=unknown)
            return
        live.token = None
        await self._redeemed(live, signed, redeemed)

    async def _redeemed(self, live: Live, signed: SignedDecision, redeemed: Redeemed) -> None:
        facts = {"releaseId": live.id, "accessEventId": redeemed.access_event_id, "windowId": redeemed.window.id}
        spent = Event("issuer:token:redeemed", facts)
        if not await self._desk.store.move(live.id, "approved", "filling", [spent]):
            # It ended meanwhile (the tab was closed): the token is spent all the same, and nothing is delivered.
            await self._desk.store.note(spent)
            return
        live.status = "filling"
        if redeemed.sealed.key_id != signed.decision.recipient_key_id:
            detail = "LedgerOS sealed to another key than the approved one; nothing was delivered."
            await self._desk.finish(live, ("filling",), Ending(Outcome.INTERNAL_ERROR, detail))
            return
        live.deliver = Deliver(release_id=live.id, sealed=redeemed.sealed)
        live.fill_until = self._desk.clock.now_ms() + self._desk.limits.fill_ms
        self._desk.arm(live, live.fill_until)
        await self._deliver(live)

    async def _deliver(self, live: Live) -> None:
        message, live.deliver = live.deliver, None
        if message is None or live.device_id is None:
            return
        live.delivered = True
        if await self._desk.courier.send(live.device_id, message):
            await self._desk.store.note(Event("broker:credentials:delivered", {"releaseId": live.id, "deviceId": live.device_id}))
            return
        live.delivered = False
        if not live.done.is_set():
            live.deliver = message
            self._away(live)

    def _away(self, live: Live) -> None:
        live.gone_since = self._desk.clock.now_ms()
        self._desk.arm(live, live.gone_since + self._desk.limits.grace_ms)

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

    async def _refuse(self, device_id: str, release_id: str, what: str, reason: str) -> None:
        facts = {"releaseId": release_id, "deviceId": device_id, "message": what, "reason": reason}
        await self._desk.store.note(Event("extension:message:refused", facts))


def _ending(message: Result) -> Ending:
    if message.failed:
        return Ending(message.outcome, f"{MEANINGS[message.outcome].sentence} Not filled: {', '.join(message.failed)}."[:300])
    return Ending(message.outcome)
