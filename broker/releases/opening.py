"""The agent's side of a release: from the request to an offer in a browser."""

from __future__ import annotations

import asyncio
from typing import Any

from broker.audit import Event
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory, secret_hash
from broker.policy import Payment, cool_down_after_denials, covers, pause_after_withdrawals, somebody_can_be_asked
from broker.protocol.agent_api import CreateRelease
from broker.protocol.channel import Offer
from broker.protocol.facts import Facts
from broker.protocol.outcomes import Outcome
from broker.releases.claims import build_claimed, claimed_origin
from broker.releases.desk import Desk, report_of
from broker.releases.endings import Ending
from broker.releases.introspection import introspect
from broker.releases.live import Live
from broker.releases.store import Merged


class Opening:
    """Takes requests in."""

    def __init__(self, desk: Desk, ids: IdFactory) -> None:
        self._desk = desk
        self._ids = ids

    async def request(self, agent_id: str, request: CreateRelease) -> tuple[Live, asyncio.Task[None] | None]:
        """The release of the token or intent and, when it is new, the step that brings it to a browser.

        Raises `LedgerError` 400 for a bad origin or not exactly one of token and intent, 409 when another agent presented it before.
        """
        origin = claimed_origin(request)
        token = request.details_token
        if (token is None) == (request.intent_id is None):
            hint = "Send a token, or an intent when approval comes first."
            raise LedgerError(400, "invalid_request", "Exactly one of detailsToken and intentId is needed.", hint)
        desk = self._desk
        live = Live(self._ids.new("rel"), agent_id, token, desk.clock.now_ms() + desk.limits.token_ms, request.intent_id)
        desk.live[live.id] = live
        try:
            token_hash = None if token is None else secret_hash(token)
            created = await desk.store.create(live.id, agent_id, token_hash, request.intent_id, live.expires_at)
        except BaseException:
            desk.live.pop(live.id, None)
            raise
        if created.is_new:
            desk.arm(live, live.expires_at)
            return live, desk.spawn(self._open(live, request, origin), live)
        self._forget(live, created.release_id)
        if created.taken:
            raise LedgerError(
                409,
                "token_in_use",
                "Another agent presented this token or intent before; an alarm was raised.",
                "Stop and tell the person: somebody may have copied it.",
            )
        return live, None

    def _forget(self, live: Live, release_id: str) -> None:
        live.merged_into = release_id
        live.end()
        self._desk.live.pop(live.id, None)

    async def _open(self, live: Live, request: CreateRelease, origin: str | None) -> None:
        desk = self._desk
        answer = await introspect(desk.issuer, live, desk.broker_id, desk.clock.now_ms())
        if isinstance(answer, Ending):
            refused = Event("issuer:token:refused", {"releaseId": live.id, "outcome": answer.outcome.value})
            await desk.finish(live, ("pending",), answer, event=refused)
            return
        jws, facts = answer
        if await self._admit(live, facts, origin):
            await self._offer(live, jws, facts, request, origin)

    async def _admit(self, live: Live, facts: Facts, origin: str | None) -> bool:
        """Record the facts; end the release where they or a rule speak against it."""
        columns = {
            "card_id": facts.card_id, "last4": facts.last4, "access_event_id": facts.access_event_id, "intent_id": live.intent_id,
            "origin": origin or facts.origin, "amount": facts.expected_amount, "expires_at": facts.expires_at,
        }  # fmt: skip
        introspected = Event(
            f"issuer:{'token' if live.intent_id is None else 'intent'}:introspected",
            {
                "releaseId": live.id, "accessEventId": facts.access_event_id, "cardId": facts.card_id, "ledgerAgentId": facts.agent_id,
                "expectedAmount": facts.expected_amount, "currency": facts.expected_currency,
            },
        )  # fmt: skip
        live.reason = facts.reason
        unlike = {other.id for other in self._desk.live.values() if other.reason != facts.reason}
        admitted = await self._desk.store.offer(live.id, live.agent_id, columns, [introspected], unlike)
        if isinstance(admitted, Merged):
            self._forget(live, admitted.release_id)
            return False
        if admitted is None:
            await self._tell_late(live, columns, introspected)
            return False
        live.facts = facts
        if not admitted.allowed:
            await self._desk.refuse_by_rule(live, admitted)
            return False
        live.expires_at = facts.expires_at
        self._desk.arm(live, live.expires_at)
        if origin and facts.origin and origin != facts.origin:
            detail = "The origin claimed here is not the one that was attested to LedgerOS."
            await self._desk.finish(live, ("pending",), Ending(Outcome.ORIGIN_MISMATCH, detail))
            return False
        return True

    async def _tell_late(self, live: Live, columns: dict[str, Any], introspected: Event) -> None:
        """The release ended while LedgerOS was asked about it: what LedgerOS knows as introspected, it must know as over."""
        if outcome := await self._desk.store.learn(live.id, columns, introspected):
            live.access_event_id = columns["access_event_id"]
            self._desk.reporter.add(report_of(live, outcome, ()))

    async def _offer(self, live: Live, jws: str, facts: Facts, request: CreateRelease, origin: str | None) -> None:
        desk = self._desk
        browsers = await desk.courier.connected()
        if not browsers:
            await desk.finish(live, ("pending",), Ending(Outcome.EXTENSION_OFFLINE))
            return
        device_id = next((device for device in browsers if device not in desk.unattended), browsers[0])
        if not await self._may_ask(live, facts, origin or facts.origin, device_id):
            return
        live.offer = Offer(
            release_id=live.id,
            facts=jws,
            claimed=build_claimed(facts, origin, request.purpose),
            page_url=request.page_url,
            requested_at=desk.clock.now_ms(),
            expires_at=live.expires_at,
        )
        offered = Event("broker:release:offered", {"releaseId": live.id, "deviceId": device_id})
        if await desk.store.move(live.id, "pending", "pending", [offered], device_id=device_id):
            live.device_id = device_id
            live.asked.add(device_id)
            await desk.courier.send(live.device_id, live.offer)

    async def _may_ask(self, live: Live, facts: Facts, origin: str | None, device_id: str) -> bool:
        """Whether a rule may act, or a person may be asked now."""
        desk, now = self._desk, self._desk.clock.now_ms()
        live.by_rule = a_rule_may_act(facts, origin, now)
        if live.by_rule and live.agent_id not in desk.asked_all_the_same:
            return True
        verdict = somebody_can_be_asked(attended=live.by_rule or device_id not in desk.unattended)
        if verdict.allowed:
            verdict = cool_down_after_denials(*await desk.store.denials(live.agent_id), now)
        if verdict.allowed:
            verdict = pause_after_withdrawals(*await desk.store.withdrawals(live.agent_id), now)
        if not verdict.allowed:
            await desk.refuse_by_rule(live, verdict)
        return verdict.allowed


def a_rule_may_act(facts: Facts, origin: str | None, now: int) -> bool:
    """Whether a standing rule may cover this: the browser knows more (itself, the page), and LedgerOS decides."""
    return any(
        covers(
            state,
            Payment(
                device_id=state.grant.device_id, agent_id=facts.agent_id, origin=origin or state.grant.origin,
                amount=facts.expected_amount, currency=facts.expected_currency, mode=state.grant.modes[0], reason=facts.reason,
                mismatches=(), at=now,
            ),
        ).covered
        for state in facts.grants
        if state.grant.modes
    )  # fmt: skip
