"""The service: one object that agents' requests and browsers' messages go to."""

from __future__ import annotations

import asyncio

from broker.core.clock import Clock
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory
from broker.protocol.agent_api import CreateRelease, GiveToken, Release, Until
from broker.protocol.channel import Approve, Deny, Presence, Ready, Result, Shown, Stop
from broker.protocol.egress import Health, Send
from broker.protocol.outcomes import Outcome
from broker.releases.courier import Courier, Egress, Issuer
from broker.releases.desk import Desk
from broker.releases.endings import Ending
from broker.releases.handover import Handover
from broker.releases.limits import ReleaseLimits
from broker.releases.opening import Opening
from broker.releases.paying import Paying
from broker.releases.redeeming import Redeeming
from broker.releases.reports import Reporter
from broker.releases.store import ReleaseStore
from broker.releases.withdrawing import too_late, withdraw

FromBrowser = Shown | Approve | Deny | Stop | Presence | Result | Ready | Send


class Releases:
    """All releases of one broker. Call `start` before the first request and `close` at the end."""

    def __init__(
        self,
        *,
        store: ReleaseStore,
        issuer: Issuer,
        courier: Courier,
        egress: Egress,
        reporter: Reporter,
        clock: Clock,
        ids: IdFactory,
        broker_id: str,
        limits: ReleaseLimits | None = None,
    ) -> None:
        self._desk = Desk(store, issuer, courier, egress, reporter, clock, limits or ReleaseLimits(), broker_id)
        self._opening = Opening(self._desk, ids)
        self._redeeming = Redeeming(self._desk)
        self._paying = Paying(self._desk, self._redeeming)
        self._handover = Handover(self._desk, self._redeeming, self._paying)
        self._closing = asyncio.Event()
        self._requests: set[asyncio.Task[Release]] = set()

    async def start(self) -> int:
        """End what an earlier run left open, start reporting; returns how many were left open."""
        left = await self._desk.store.interrupt_unfinished()
        await self._desk.reporter.start()
        return left

    async def stop_waiting(self) -> None:
        """Answer everybody who waits, and take no new requests: the first step of stopping."""
        self._closing.set()

    async def close(self) -> None:
        """Withdraw every offer, let what is in flight finish for a moment, end the rest as ``interrupted``."""
        await self.stop_waiting()
        ending = Ending(Outcome.INTERRUPTED)
        for live in list(self._desk.live.values()):
            await self._desk.finish(live, ("pending",), ending)
        await self._desk.settle(self._desk.limits.shutdown_ms)
        await self._desk.cancel_steps()
        for live in list(self._desk.live.values()):
            await self._desk.break_off(live, ending)
        await self._desk.settle(self._desk.limits.shutdown_ms)
        await self._desk.cancel_steps()
        await self._desk.reporter.close()

    # -- agents ----------------------------------------------------------------------------

    async def request(self, agent_id: str, request: CreateRelease) -> Release:
        """The release of `request`'s token or intent: a new one, or the one this agent already has.

        Raises `LedgerError` 400, 409 (another agent presented the token), 503 (the broker is stopping).
        """
        if self._closing.is_set():
            raise LedgerError(503, "stopping", "The broker is stopping.", "Try again when it is back.")
        # On its own, so that an agent that hangs up at any moment leaves a whole release behind.
        work = asyncio.create_task(self._request(agent_id, request))
        self._requests.add(work)
        work.add_done_callback(self._request_done)
        return await asyncio.shield(work)

    async def _request(self, agent_id: str, request: CreateRelease) -> Release:
        live, opening = await self._opening.request(agent_id, request)
        if opening is not None:
            await asyncio.wait({opening})
        return await self.get(agent_id, live.merged_into or live.id)

    def _request_done(self, work: asyncio.Task[Release]) -> None:
        self._requests.discard(work)
        if not work.cancelled():
            work.exception()  # looked at, so that a refusal nobody waits for is no "never retrieved" in the log

    async def get(self, agent_id: str, release_id: str) -> Release:
        """One release of this agent; `LedgerError` 404 for any other."""
        release = await self._desk.store.get(release_id, agent_id)
        if release is None:
            raise LedgerError(404, "not_found", "This agent has no such release.", "List the agent's releases with GET /v1/releases.")
        return release

    async def give_token(self, agent_id: str, release_id: str, given: GiveToken) -> Release:
        """Take the token for a release that was approved on its intent; `LedgerError` 404, 409 or 503."""
        if self._closing.is_set():
            raise LedgerError(503, "stopping", "The broker is stopping.", "Try again when it is back.")
        await self.get(agent_id, release_id)
        live = self._desk.live.get(release_id)
        if live is None:
            raise LedgerError(409, "no_token_wanted", "This release is finished.", "Look at its outcome.")
        await asyncio.shield(asyncio.ensure_future(self._redeeming.give_token(live, given.details_token)))
        return await self.get(agent_id, release_id)

    async def withdraw(self, agent_id: str, release_id: str) -> Release:
        """Take a release back before its card is handed over; doing it again changes nothing. `LedgerError` 404 or 409."""
        live = self._desk.live.get(release_id)
        release = await self.get(agent_id, release_id)
        if live is not None and not live.done.is_set():
            await asyncio.shield(asyncio.ensure_future(withdraw(self._desk, live)))
            return await self.get(agent_id, release_id)
        if release.outcome is not Outcome.WITHDRAWN:
            raise too_late()
        return release

    async def of_agent(self, agent_id: str, limit: int) -> list[Release]:
        """This agent's releases, newest first."""
        return await self._desk.store.of_agent(agent_id, limit)

    async def wait(self, agent_id: str, release_id: str, seconds: float, until: Until = "ready") -> Release:
        """Like `get`, but answers when the release is finished, after `seconds`, or when the broker stops.

        With `until` ``ready`` also when it is the agent's turn: the release waits for a token, or the form for its submit.
        """
        release = await self.get(agent_id, release_id)
        live = self._desk.live.get(release_id)
        if live is None:
            return await self.get(agent_id, release_id)  # it may have ended since the first look
        if seconds <= 0:
            return release
        events = [live.done, self._closing] if until == "finished" else [live.done, self._closing, live.ready]
        waits = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        return await self.get(agent_id, release_id)

    # -- browsers --------------------------------------------------------------------------

    async def browser_connected(self, device_id: str) -> None:
        """This browser can be reached (again)."""
        await self._handover.connected(device_id)

    async def browser_disconnected(self, device_id: str) -> None:
        """This browser cannot be reached any more."""
        await self._handover.disconnected(device_id)

    async def browser_said(self, device_id: str, message: FromBrowser) -> None:
        """A message of a paired browser about a release, or about who is there."""
        match message:
            case Shown():
                await self._handover.shown(device_id, message)
            case Approve():
                await self._handover.approve(device_id, message)
            case Deny():
                await self._handover.deny(device_id, message)
            case Stop():
                await self._handover.stop(device_id, message)
            case Presence():
                await self._handover.presence(device_id, message)
            case Result():
                await self._handover.result(device_id, message)
            case Ready():
                await self._handover.ready(device_id, message)
            case Send():
                await self._handover.send(device_id, message)

    async def refused_send(self, device_id: str, release_id: str) -> None:
        """A payment request of that browser had no form in which it could be passed on."""
        await self._handover.refused_send(device_id, release_id)

    # -- the egress ------------------------------------------------------------------------

    async def egress_changed(self, health: Health | None) -> None:
        """The egress is there, or gone with all it held."""
        await self._paying.egress_changed(health)

    # -- time ------------------------------------------------------------------------------

    async def sweep(self) -> None:
        """End everything whose time is over. Timers do this by themselves; a machine that slept calls it."""
        for live in list(self._desk.live.values()):
            await self._desk.end_if_due(live)
