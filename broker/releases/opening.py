"""The agent's side of a release: from the request to an offer in a browser."""

from __future__ import annotations

import asyncio

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory, secret_hash
from broker.protocol.agent_api import CreateRelease
from broker.protocol.channel import Offer
from broker.protocol.facts import Facts
from broker.protocol.outcomes import Outcome
from broker.releases.claims import build_claimed, claimed_origin
from broker.releases.desk import Desk
from broker.releases.introspection import Ending, introspect
from broker.releases.live import Live


class Opening:
    """Takes requests in."""

    def __init__(self, desk: Desk, ids: IdFactory) -> None:
        self._desk = desk
        self._ids = ids

    async def request(self, agent_id: str, request: CreateRelease) -> tuple[str, asyncio.Task[None] | None]:
        """The id of the token's release and, when it is new, the step that brings it to a browser.

        Raises `LedgerError` 400 for a bad origin, 409 when another agent presented this token before.
        """
        origin = claimed_origin(request)
        desk = self._desk
        live = Live(self._ids.new("rel"), request.details_token, desk.clock.now_ms() + desk.limits.token_ms)
        desk.live[live.id] = live
        try:
            created = await desk.store.create(live.id, agent_id, secret_hash(request.details_token), live.expires_at)
        except BaseException:
            desk.live.pop(live.id, None)
            raise
        if created.is_new:
            desk.arm(live, live.expires_at)
            return live.id, desk.spawn(self._open(live, request, origin), live)
        desk.live.pop(live.id, None)
        if created.taken:
            raise LedgerError(
                409,
                "token_in_use",
                "Another agent presented this token before; an alarm was raised.",
                "Stop and tell the person: somebody may have copied the token.",
            )
        return created.release_id, None

    async def _open(self, live: Live, request: CreateRelease, origin: str | None) -> None:
        desk = self._desk
        token = live.token
        if token is None:
            return
        answer = await introspect(desk.issuer, token, desk.broker_id, desk.clock.now_ms())
        if isinstance(answer, Ending):
            refused = Event("issuer:token:refused", {"releaseId": live.id, "outcome": answer.outcome.value})
            await desk.finish(live, ("pending",), answer, event=refused)
            return
        jws, facts = answer
        if await self._admit(live, facts, origin):
            await self._offer(live, jws, facts, request, origin)

    async def _admit(self, live: Live, facts: Facts, origin: str | None) -> bool:
        """Record the facts; end the release where they or a rule speak against it."""
        live.facts = facts
        columns = {
            "card_id": facts.card_id, "last4": facts.last4, "access_event_id": facts.access_event_id,
            "origin": origin or facts.origin, "expires_at": facts.expires_at,
        }  # fmt: skip
        introspected = Event(
            "issuer:token:introspected",
            {
                "releaseId": live.id, "accessEventId": facts.access_event_id, "cardId": facts.card_id, "ledgerAgentId": facts.agent_id,
                "expectedAmount": facts.expected_amount, "currency": facts.expected_currency,
            },
        )  # fmt: skip
        verdict = await self._desk.store.offer(live.id, columns, [introspected])
        if verdict is None:
            return False
        if not verdict.allowed:
            refused = Event("broker:rule:refused", {"releaseId": live.id, "cardId": facts.card_id, "rule": verdict.rule})
            await self._desk.finish(live, ("pending",), Ending(Outcome.REFUSED_BY_RULE, verdict.sentence), event=refused)
            return False
        live.expires_at = facts.expires_at
        self._desk.arm(live, live.expires_at)
        if origin and facts.origin and origin != facts.origin:
            detail = "The origin claimed here is not the one that was attested to LedgerOS."
            await self._desk.finish(live, ("pending",), Ending(Outcome.ORIGIN_MISMATCH, detail))
            return False
        return True

    async def _offer(self, live: Live, jws: str, facts: Facts, request: CreateRelease, origin: str | None) -> None:
        desk = self._desk
        browsers = await desk.courier.connected()
        if not browsers:
            await desk.finish(live, ("pending",), Ending(Outcome.EXTENSION_OFFLINE))
            return
        live.offer = Offer(
            release_id=live.id,
            facts=jws,
            claimed=build_claimed(facts, origin, request.purpose),
            page_url=request.page_url,
            requested_at=desk.clock.now_ms(),
            expires_at=live.expires_at,
        )
        offered = Event("broker:release:offered", {"releaseId": live.id, "deviceId": browsers[0]})
        if await desk.store.move(live.id, "pending", "pending", [offered], device_id=browsers[0]):
            live.device_id = browsers[0]
            await desk.courier.send(live.device_id, live.offer)
