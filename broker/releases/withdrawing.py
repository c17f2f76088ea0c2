"""The agent takes a request back: possible until the sealed card, or a stand-in, is handed to a browser."""

from __future__ import annotations

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.protocol.outcomes import Outcome
from broker.releases.desk import Desk
from broker.releases.endings import Ending
from broker.releases.live import Live
from broker.releases.states import Step

_UNTIL_DELIVERY: tuple[Step, ...] = ("pending", "approved", "filling")


async def withdraw(desk: Desk, live: Live) -> None:
    """End `live` as ``withdrawn``: its token is spent on nothing, and a window that is open is closed.

    Raises `LedgerError` 409 once the credentials are with the browser, or when the release ended first.
    """
    if live.delivered:
        raise too_late()
    live.held_back = True  # before the write: a delivery that is being prepared sees it
    event = Event("agent:release:withdrawn", {"releaseId": live.id, "agentId": live.agent_id})
    if not await desk.finish(live, _UNTIL_DELIVERY, Ending(Outcome.WITHDRAWN), event=event):
        raise too_late()


def too_late() -> LedgerError:
    """The refusal of a release that is filled, being filled or over."""
    hint = "Wait for its outcome; a purchase in the page is taken back at the merchant."
    return LedgerError(409, "too_late", "The card's details are with the browser already, or the release is over.", hint)
