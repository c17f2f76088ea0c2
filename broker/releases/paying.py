"""Surrogate mode, at the page: ready, the paused payment request, the egress's word, and its loss."""

from __future__ import annotations

import asyncio
import contextlib
import json

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.protocol.channel import Ready
from broker.protocol.egress import EgressOutcome, End, Head, Health, Send
from broker.protocol.outcomes import MEANINGS, Outcome
from broker.releases.desk import Desk
from broker.releases.endings import Ending
from broker.releases.live import Live
from broker.releases.payments import Payment, better_may_come, ending_of, may_be_repeated, own_end
from broker.releases.redeeming import Redeeming

_KEEPS_METHOD_AND_BODY = (307, 308)
_MOST_QUEUED = 4


class Paying:
    """Takes in what the browser and the egress say about a payment."""

    def __init__(self, desk: Desk, redeeming: Redeeming) -> None:
        self._desk = desk
        self._redeeming = redeeming

    async def ready(self, device_id: str, message: Ready) -> str | None:
        """The stand-ins are in the form; the reason when that cannot be."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id or live.payment is None or not live.delivered:
            return "nothing_delivered"
        payment = live.payment
        if payment.ready:
            return "already_ready"
        payment.fields, payment.ready = message.fields, True
        facts = {"releaseId": live.id, "deviceId": device_id, "fields": list(message.fields), "debugged": message.debugged}
        event = Event("extension:release:ready", facts)
        if live.status == "sending":  # the page was faster
            await self._desk.store.note(event)
        elif not await self._to_paying(live, payment, event):
            return "already_finished"
        return None

    async def _to_paying(self, live: Live, payment: Payment, event: Event) -> bool:
        """Back, or on, to where the page's payment is awaited."""
        columns = {"fields": json.dumps(list(payment.fields)), "expires_at": payment.until}
        if live.status == "paying" or not await self._desk.store.move(live.id, live.status, "paying", [event], **columns):
            return False
        live.status = "paying"
        live.ready.set()
        self._desk.arm(live, payment.until)
        return True

    # -- the paused request ----------------------------------------------------------------

    async def send(self, device_id: str, message: Send) -> str | None:
        """Forward a paused request on its own; the reason when it may not be, which the browser is told too."""
        live = self._desk.live.get(message.release_id)
        if live is None or live.device_id != device_id or live.payment is None or not live.delivered:
            await self._answer(device_id, own_end(message.request_id, await self._outcome_now(device_id, message)))
            return "not_paying_here"
        if self._desk.clock.now_ms() >= live.payment.until:
            await self._desk.end_if_due(live)
            await self._answer(device_id, own_end(message.request_id, EgressOutcome.EXPIRED))
            return "expired"
        if live.payment.queued >= _MOST_QUEUED:
            await self._answer(device_id, own_end(message.request_id, EgressOutcome.REQUEST_REFUSED))
            return "too_many"
        self._desk.spawn(self._in_turn(live, live.payment, device_id, message), live)
        return None

    async def _in_turn(self, live: Live, payment: Payment, device_id: str, message: Send) -> None:
        payment.queued += 1
        try:
            async with payment.turn:
                last = await self._next(live, payment, device_id, message)
        finally:
            payment.queued -= 1
        if last is not None:
            await self._finish(live, payment, last)
        if payment.lost:
            await self._lost(live, payment)

    async def _next(self, live: Live, payment: Payment, device_id: str, message: Send) -> End | None:
        """Forward it, unless the release was decided or ended meanwhile; the egress's word, where it decides the release."""
        if payment.decided is not None:
            await self._answer(device_id, own_end(message.request_id, _afterwards(payment.decided.outcome)))
            return None
        if not await self._begin(live, message):
            await self._answer(device_id, own_end(message.request_id, await self._outcome_now(device_id, message)))
            return None
        return await self._forward(live, payment, device_id, message)

    async def _begin(self, live: Live, message: Send) -> bool:
        """On disk before it leaves: whatever happens from here, the release knows that the card may be charged."""
        event = Event("extension:payment:paused", {"releaseId": live.id, "method": message.method, "frameOrigin": message.frame_origin})
        if live.done.is_set():
            return False
        if live.status == "sending":  # after a redirect
            await self._desk.store.note(event)
        elif await self._desk.store.move(live.id, live.status, "sending", [event]):
            live.status = "sending"
        else:
            return False
        return True

    async def _forward(self, live: Live, payment: Payment, device_id: str, message: Send) -> End | None:
        redirected, reachable, end = False, True, own_end(message.request_id, EgressOutcome.MAY_HAVE_BEEN_CHARGED)
        try:
            async with asyncio.timeout(self._desk.limits.send_ms / 1000), contextlib.aclosing(self._desk.egress.send(message)) as answer:
                async for item in answer:
                    head = item.answer if isinstance(item, End) else item if isinstance(item, Head) else None
                    redirected = redirected or (head is not None and head.status in _KEEPS_METHOD_AND_BODY)
                    if isinstance(item, End):
                        end = item
                        break
                    # A browser that went away hears no more; the egress's last word is waited for all the same.
                    reachable = reachable and await self._desk.courier.stream(device_id, item)
        except TimeoutError:
            pass  # nobody knows: as if the connection had broken
        except LedgerError:
            await self._answer(device_id, own_end(message.request_id, EgressOutcome.MERCHANT_UNREACHABLE))
            gone = Outcome.EGRESS_UNAVAILABLE if payment.swapped is None else Outcome.MAY_HAVE_BEEN_CHARGED
            await self._desk.finish(live, ("sending",), Ending(gone), fields=payment.fields)
            return None
        await self._answer(device_id, end)
        return end if await self._decides(live, payment, end, redirected=redirected) else None

    async def _decides(self, live: Live, payment: Payment, end: End, *, redirected: bool) -> bool:
        """Whether the egress's last word about one request decides the release; what else it means is done here."""
        event, now = _event(live, end), self._desk.clock.now_ms()
        if redirected and end.outcome is EgressOutcome.SWAPPED:
            payment.swapped, payment.next_until = payment.ending(end), now + self._desk.limits.next_request_ms
            await self._desk.store.note(event)
            self._desk.arm(live, payment.next_until)
        elif payment.swapped is not None and end.outcome is EgressOutcome.SWAP_ALREADY_USED:
            await self._desk.store.note(event)  # another request than the redirect's: that one is still awaited
        elif better_may_come(end) and payment.swapped is None and payment.torn is None:
            payment.last, payment.last_until = ending_of(end), None if may_be_repeated(end) else now + self._desk.limits.next_request_ms
            await self._back(live, payment, event)
        else:
            payment.decided = payment.ending(end)
        return payment.decided is not None

    async def _finish(self, live: Live, payment: Payment, end: End) -> None:
        """Once the page has its answer: on disk it says already that the card may be charged. What the page sends meanwhile is answered."""
        await asyncio.sleep(self._desk.limits.page_first_ms / 1000)
        await self._desk.finish(live, ("sending",), payment.ending(end), fields=payment.fields, event=_event(live, end))

    async def _back(self, live: Live, payment: Payment, event: Event) -> None:
        if payment.ready:
            await self._to_paying(live, payment, event)
        elif await self._desk.store.move(live.id, "sending", "filling", [event]):
            live.status = "filling"
            self._desk.arm(live, live.fill_until or 0)
        if payment.last_until is not None:
            self._desk.arm(live, payment.last_until)
        if live.gone_since is not None:
            self._redeeming.away(live)

    async def torn(self, live: Live, why: str) -> bool:
        """The browser lost its hold of the page while a payment was out: the egress says how that ends. False when none is."""
        if live.status != "sending" or live.payment is None or live.payment.torn is not None:
            return False
        live.payment.tear(why)
        await self._desk.store.note(Event("extension:payment:torn", {"releaseId": live.id}))
        return True

    async def _answer(self, device_id: str, end: End) -> None:
        await self._desk.courier.stream(device_id, end)

    async def _outcome_now(self, device_id: str, message: Send) -> EgressOutcome:
        """What to tell a browser about a request for a release that is not paying there."""
        ended = await self._desk.store.ended_for(message.release_id, device_id)
        if ended is None or ended.outcome is None:
            return EgressOutcome.REQUEST_REFUSED
        return _afterwards(ended.outcome)

    # -- the egress itself -----------------------------------------------------------------

    async def egress_changed(self, health: Health | None) -> None:
        """The egress is there, or gone and with it all it held. A request that is out ends by itself."""
        if health is not None:
            await self._desk.store.note(Event("broker:egress:connected", {"keyId": health.key_id, "sandbox": health.sandbox}))
            return
        await self._desk.store.note(Event("broker:egress:lost", {}))
        for live in list(self._desk.live.values()):
            if live.payment is not None:
                live.payment.lost = True
                if not live.payment.busy:
                    await self._lost(live, live.payment)

    async def _lost(self, live: Live, payment: Payment) -> None:
        await self._desk.finish(live, ("filling", "paying"), Ending(Outcome.EGRESS_UNAVAILABLE), fields=payment.fields)
        if payment.swapped is not None:
            await self._desk.finish(live, ("sending",), Ending(Outcome.MAY_HAVE_BEEN_CHARGED), fields=payment.fields)


def _afterwards(outcome: Outcome) -> EgressOutcome:
    """What a request is told that comes after its release was decided."""
    return EgressOutcome.SWAP_ALREADY_USED if MEANINGS[outcome].value_delivered else EgressOutcome.EXPIRED


def _event(live: Live, end: End) -> Event:
    facts = {
        "releaseId": live.id, "outcome": end.outcome.value, "entry": end.entry, "fields": list(end.fields), "hint": end.hint,
        "mayHaveBeenCharged": end.may_have_been_charged, "accountFirstSeen": end.account_first_seen,
    }  # fmt: skip
    return Event("egress:payment:ended", facts)
