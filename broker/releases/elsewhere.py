"""A person may have several browsers, or profiles of one: a request whose page is not in the first is offered to the next."""

from __future__ import annotations

from broker.audit import Event
from broker.protocol.outcomes import Outcome
from broker.releases.desk import Desk
from broker.releases.live import Live

NOT_HERE = (Outcome.NO_TAB, Outcome.NOT_ENROLLED)
"""A browser's answers that say nothing about the person's other ones."""


async def offer_elsewhere(desk: Desk, live: Live) -> bool:
    """Offer `live`, which is not for its browser, to the next one where somebody can be asked.

    False when there is none, or nothing is to be decided any more: then that browser's answer holds.
    """
    before, offer = live.device_id, live.offer
    if live.status != "pending" or offer is None:
        return False
    device_id = await _next(desk, live)
    if device_id is None:
        return False
    live.device_id, live.shown = device_id, False  # before the write: the first browser has no say from here on
    live.asked.add(device_id)
    passed_on = Event("extension:release:not_here", {"releaseId": live.id, "deviceId": before})
    offered = Event("broker:release:offered", {"releaseId": live.id, "deviceId": device_id})
    if await desk.store.move(live.id, "pending", "pending", [passed_on, offered], device_id=device_id):
        await desk.courier.send(device_id, offer)
    return True


async def _next(desk: Desk, live: Live) -> str | None:
    for device_id in await desk.courier.connected():
        if device_id not in live.asked and (live.by_rule or device_id not in desk.unattended):
            return device_id
    return None
