"""The agent takes a request back: possible until the sealed card is handed to a browser."""

from __future__ import annotations

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.protocol.outcomes import Outcome
from broker.releases.desk import Desk
from broker.releases.endings import Ending
from broker.releases.live import Live
from broker.releases.redeeming import Redeeming
from broker.releases.states import Step

_BEFORE_DELIVERY: tuple[Step, ...] = ("pending", "approved")


async def withdraw(desk: Desk, redeeming: Redeeming, live: Live) -> None:
    """End `live` as ``withdrawn``: its token is spent on nothing, and a window that is open is closed.

    Raises `LedgerError` 409 once the credentials are with the browser, or when the release ended first.
    """
    # Credentials that wait for a browser which went away are taken out of its reach before anything else happens.
    undelivered, live.deliver = live.deliver, None
    sources: tuple[Step, ...] = _BEFORE_DELIVERY if undelivered is None else (*_BEFORE_DELIVERY, "filling")
    event = Event("agent:release:withdrawn", {"releaseId": live.id, "agentId": live.agent_id})
    if not await desk.finish(live, sources, Ending(Outcome.WITHDRAWN), event=event):
        raise too_late()
    if live.opened_by is not None:
        desk.spawn(redeeming.close_window(live.opened_by), live)


def too_late() -> LedgerError:
    """The refusal of a release that is filled, being filled or over."""
    hint = "Wait for its outcome; a purchase in the page is taken back at the merchant."
    return LedgerError(409, "too_late", "The card's details are with the browser already, or the release is over.", hint)
