"""From an approval to credentials in the browser's hands; on an intent, once more when a token came to nothing."""

from __future__ import annotations

import structlog

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.core.ids import secret_hash
from broker.issuer_client import IssuerRefusedError, IssuerUnavailableError
from broker.protocol.channel import Deliver
from broker.protocol.decision import SignedDecision
from broker.protocol.issuer_api import CloseWindow, Redeem, Redeemed
from broker.protocol.outcomes import MEANINGS, MOST_REDEEMS, Outcome
from broker.releases.arming import arm, egress_fault
from broker.releases.desk import Desk, report_of
from broker.releases.endings import Ending
from broker.releases.introspection import refusal
from broker.releases.live import Live
from broker.releases.states import Step
from broker.releases.store import Attached

_log = structlog.get_logger(__name__)
_UNKNOWN = "LedgerOS did not answer the redeem; it is unknown whether the token was spent. Ask for new card details."
_UNSPENT = frozenset({"expired", "invalid_token"})  # LedgerOS's word that the token opened nothing


class Redeeming:
    """The steps between a decision and a fill."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, live: Live, signed: SignedDecision) -> None:
        """Redeem the token of `live` under `signed`, on its own."""
        self._desk.spawn(self._redeem(live, signed), live)

    async def give_token(self, live: Live, token: str) -> None:
        """Redeem `token` under the approval that waits for it; `LedgerError` 409 when none does, or the token is another release's."""
        await self._desk.end_if_due(live)
        signed = live.signed
        if signed is None or not live.waits_for_token:
            raise _not_wanted()
        live.token = token
        live.ready.clear()  # from here on a second token is refused
        attached = await self._desk.store.attach(live.id, live.agent_id, secret_hash(token))
        if attached is Attached.GIVEN:
            live.tries += 1
            self.start(live, signed)
            return
        live.token = None
        if attached is Attached.NOT_WANTED:
            raise _not_wanted()
        if not live.done.is_set():
            live.ready.set()
        hint = "Stop and tell the person if it was not you: somebody may have copied the token."
        raise LedgerError(409, "token_in_use", "This token was presented for another release before.", hint)

    async def again(self, live: Live, source: Step, ending: Ending, *events: Event) -> bool:
        """Wait for another token under the same approval; False when there is no approval for one."""
        over = live.tries >= MOST_REDEEMS or self._desk.clock.now_ms() >= live.expires_at
        if live.intent_id is None or live.signed is None or over:
            return False
        columns = {"token_hash": None, "outcome": ending.outcome.value, "detail": ending.detail}
        if not await self._desk.store.move(live.id, source, "approved", events, **columns):
            return False
        if live.payment is not None:
            await self._desk.egress.disarm(live.id)  # now: the same decision is armed again
        live.status, live.token, live.deliver, live.delivered, live.payment = "approved", None, None, False, None
        live.fill_until = live.gone_since = None
        live.ready.set()
        return True

    async def came_to_nothing(self, live: Live, ending: Ending, event: Event) -> bool:
        """A fill that brought no value to the page: wait for another token if the outcome allows it."""
        if live.status not in ("filling", "paying") or MEANINGS[ending.outcome].retry != "same decision":
            return False
        report = report_of(live, ending.outcome, ())
        if not await self.again(live, live.status, ending, event):
            return False
        live.report = report
        live.access_event_id = None
        self._desk.spawn(self.close_window(live), live)
        return True

    async def _redeem(self, live: Live, signed: SignedDecision) -> None:
        token = live.token
        if token is None:
            return
        if fault := egress_fault(self._desk, signed.decision):
            await self._desk.finish(live, ("approved",), fault)
            return
        try:
            await self._tell_before(live)
            redeemed = await self._desk.issuer.redeem(Redeem(token=token, signed=signed))
        except IssuerRefusedError as error:
            await self._refused(live, error)
            return
        except IssuerUnavailableError:
            unknown = Event("issuer:redeem:unanswered", {"releaseId": live.id})
            live.opened = CloseWindow(release_id=live.id)  # nobody said which token it was, where approval came first
            if not await self._desk.finish(live, ("approved",), Ending(Outcome.ISSUER_UNAVAILABLE, _UNKNOWN), event=unknown):
                await self._desk.store.note(unknown)
                self._desk.reporter.take_back(live.id, live.opened)
            return
        live.token = None
        live.access_event_id = redeemed.access_event_id
        live.opened = CloseWindow(access_event_id=redeemed.access_event_id)
        await self._redeemed(live, signed, redeemed)

    async def _tell_before(self, live: Live) -> None:
        """LedgerOS lets the next token pass only once it knows how the last one ended."""
        if live.report is not None:
            await self._desk.issuer.report(live.report)
            live.report = None

    async def _refused(self, live: Live, error: IssuerRefusedError) -> None:
        ending = refusal(error)
        refused = Event("issuer:redeem:refused", {"releaseId": live.id, "status": error.status, "outcome": ending.outcome.value})
        if error.code in _UNSPENT and await self.again(live, "approved", ending, refused):
            return
        await self._desk.finish(live, ("approved",), ending, event=refused)

    async def _redeemed(self, live: Live, signed: SignedDecision, redeemed: Redeemed) -> None:
        facts = {"releaseId": live.id, "accessEventId": redeemed.access_event_id, "windowId": redeemed.window.id}
        spent = Event("issuer:token:redeemed", facts)
        if not await self._desk.store.move(live.id, "approved", "filling", [spent], access_event_id=redeemed.access_event_id):
            # It ended meanwhile (stopped, the tab was closed): the token is spent all the same, nothing is delivered.
            await self._desk.store.note(spent)
            self._desk.reporter.take_back(live.id, CloseWindow(access_event_id=redeemed.access_event_id))
            return
        live.status = "filling"
        if redeemed.sealed.key_id != signed.decision.recipient_key_id:
            detail = "LedgerOS sealed to another key than the approved one; nothing was delivered."
            await self._desk.finish(live, ("filling",), Ending(Outcome.INTERNAL_ERROR, detail))
            return
        if not await self._prepared(live, signed, redeemed):
            return
        live.fill_until = self._desk.clock.now_ms() + self._desk.limits.fill_ms
        self._desk.arm(live, live.fill_until)
        await self.deliver(live)

    async def _prepared(self, live: Live, signed: SignedDecision, redeemed: Redeemed) -> bool:
        """Have ready what the browser is to be handed; in surrogate mode not before the egress holds the credentials."""
        if signed.decision.mode == "direct":
            live.deliver = Deliver(release_id=live.id, sealed=redeemed.sealed)
            return True
        armed = await arm(self._desk, live, signed.decision, redeemed)
        if isinstance(armed, Ending):
            await self._desk.finish(live, ("filling",), armed)
            return False
        if live.done.is_set():  # stopped meanwhile
            await self._desk.egress.disarm(live.id)
            return False
        live.deliver = armed
        return True

    async def deliver(self, live: Live) -> None:
        """Hand the credentials to the browser that decided, once; not when the release ended or is being taken back."""
        message, live.deliver = live.deliver, None
        if message is None or live.device_id is None or live.held_back or live.done.is_set():
            return
        live.delivered = True
        if await self._desk.courier.send(live.device_id, message):
            what = "credentials" if isinstance(message, Deliver) else "surrogate"
            await self._desk.store.note(Event(f"broker:{what}:delivered", {"releaseId": live.id, "deviceId": live.device_id}))
            return
        live.delivered = False
        if not live.done.is_set():
            live.deliver = message
            self.away(live)

    def away(self, live: Live) -> None:
        """The browser cannot be reached while it should fill."""
        live.gone_since = self._desk.clock.now_ms()
        self._desk.arm(live, live.gone_since + self._desk.limits.grace_ms)

    async def close_window(self, live: Live) -> None:
        """Take back what the last redeem opened. When LedgerOS does not answer, the end of the release tries again."""
        opened = live.opened
        if opened is None:
            return
        try:
            await self._desk.issuer.close_window(opened)
        except (IssuerRefusedError, IssuerUnavailableError) as error:
            _log.warning("a window was not closed", release=live.id, reason=str(error))
            return
        if live.opened == opened:
            live.opened = None


def _not_wanted() -> LedgerError:
    hint = "Look at its status: a token is taken once the release is approved, one at a time."
    return LedgerError(409, "no_token_wanted", "This release does not wait for a token.", hint)
