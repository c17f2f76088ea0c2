"""What the broker spares a person: repeats, pestering, questions to an empty chair; and the way back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from broker.protocol.channel import Act, ActAnswer, Deliver, GrantsAnswer, ListGrants, Offer, Presence, Shown
from broker.protocol.grants import Action, Grant, GrantState, SignedAction
from broker.protocol.outcomes import Outcome
from tests.api.broker.fake_browser import Browser, read_facts
from tests.api.broker.fake_ledger import ORIGIN, refuse
from tests.api.broker.harness import Stack
from tests.api.broker.waiting import eventually


def grant(stack: Stack, **changes: Any) -> GrantState:
    now = stack.clock.now_ms()
    members = {
        "version": 1, "grant_id": "grant_1", "device_id": "dev_1", "agent_id": "agent_1", "agent_name": "checkout-bot", "origin": ORIGIN,
        "max_amount": 5_000, "currency": "USD", "count_per_day": 1, "from_minute": 0, "to_minute": 1440, "utc_offset_minutes": 0,
        "modes": ("direct",), "created_at": now - 1, "ends_at": now + 1_000_000, "nonce": "AA", **changes,
    }  # fmt: skip
    return GrantState(grant=Grant(**members), used_today=0, used_total=0, last_used_at=None, revoked_at=None)


async def test_a_repeat_is_the_same_release(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        first = await agent.request_release(stack.ledger.mint(), page_url=ORIGIN + "/pay")
        again = await agent.request_release(stack.ledger.mint(), origin=ORIGIN)
        assert again == first
        await browser.expect(Offer)
        other = await agent.request_release(stack.ledger.mint(expected_amount=1), origin=ORIGIN)
        assert other.outcome == "refused_by_rule"
        assert len(await agent.releases()) == 2
    await browser.settled()
    assert not [message for message in browser.received[2:] if isinstance(message, Offer)]
    assert "broker:release:merged" in await stack.events()


@pytest.mark.parametrize(("shown", "asked"), [("one-time", "subscription"), ("subscription", "one-time")])
async def test_a_request_for_something_else_is_no_repeat(stack: Stack, shown: str, asked: str) -> None:
    """An agent that asks for a subscription is not handed the approval of one charge, nor the other way round."""
    browser = await stack.browser()
    async with stack.client() as agent:
        first = await agent.request_release(stack.ledger.mint(reason=shown), origin=ORIGIN)
        other = await agent.request_release(stack.ledger.mint(reason=asked), origin=ORIGIN)
        assert (other.id != first.id, other.outcome) == (True, "refused_by_rule")
        assert "one_pending_per_card" in (other.message or "")
        assert (await agent.request_release(stack.ledger.mint(reason=shown), origin=ORIGIN)).id == first.id
    assert read_facts(await browser.expect(Offer)).reason == shown


async def test_a_rule_acts_for_no_subscription(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.send(Presence(attended=False))
    await browser.settled()
    async with stack.client() as agent:
        refused = await agent.request_release(stack.ledger.mint(reason="subscription", grants=(grant(stack),)), origin=ORIGIN)
        assert refused.outcome == "refused_by_rule"
        once = stack.ledger.mint(card_id="card_2", grants=(grant(stack),))
        assert (await agent.request_release(once, origin=ORIGIN)).status == "pending"


async def test_a_decision_for_something_else_than_was_offered_is_refused(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint(), origin=ORIGIN)
        offer = await browser.expect(Offer)
        await browser.approve(offer, reason="subscription")
        assert (await agent.wait(asked.id)).outcome == "internal_error"
    assert stack.ledger.called("redeem") == []
    assert [facts["reason"] for facts in await stack.event_facts("extension:message:refused")] == ["other_reason"]


async def test_denials_in_a_row_cool_the_agent_down_and_an_approval_ends_it(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:

        async def denied() -> None:
            asked = await agent.request_release(stack.ledger.mint())
            assert asked.status == "pending", asked
            await browser.deny((await browser.expect(Offer)).release_id)
            await agent.wait(asked.id)

        await denied()
        await denied()
        refused = await agent.request_release(stack.ledger.mint())
        assert (refused.outcome, refused.retry_at) == ("refused_by_rule", stack.clock.now_ms() + 30_000)
        assert "cool_down_after_denials" in (refused.message or "")
        stack.clock.advance(30)
        await denied()
        refused = await agent.request_release(stack.ledger.mint())
        assert refused.retry_at == stack.clock.now_ms() + 120_000
        stack.clock.advance(120)
        asked = await agent.request_release(stack.ledger.mint())
        signed = await browser.approve(await browser.expect(Offer))
        await browser.fill(await browser.expect(Deliver), signed)
        await agent.wait(asked.id)
        stack.clock.advance(1)
        await denied()
        assert (await agent.request_release(stack.ledger.mint())).status == "pending"


async def test_a_rule_that_does_not_decide_spares_its_agent_no_pause(stack: Stack) -> None:
    """The agent claims what its rule covers, at a page where it does not: the person is asked each time, and denies."""
    browser = await stack.browser()
    async with stack.client() as agent:
        for _ in range(2):
            asked = await agent.request_release(stack.ledger.mint(grants=(grant(stack),)), origin=ORIGIN)
            assert asked.status == "pending", asked
            await browser.expect(Offer)
            await browser.send(Shown(release_id=asked.id))
            await browser.deny(asked.id)
            await agent.wait(asked.id)
        refused = await agent.request_release(stack.ledger.mint(grants=(grant(stack),)), origin=ORIGIN)
        assert (refused.outcome, refused.retry_at) == ("refused_by_rule", stack.clock.now_ms() + 30_000)
        stack.clock.advance(30)
        await agent.request_release(stack.ledger.mint(grants=(grant(stack),)), origin=ORIGIN)
        await browser.approve(await browser.expect(Offer), grant_id="grant_1")
        await browser.expect(Deliver)


async def test_with_nobody_there_a_request_without_a_rule_is_refused_at_once(stack: Stack) -> None:
    browser = await stack.browser()
    await browser.send(Presence(attended=False))
    await browser.settled()
    async with stack.client() as agent:
        refused = await agent.request_release(stack.ledger.mint(), origin=ORIGIN)
        assert (refused.outcome, refused.retry_at) == ("refused_by_rule", None)
        assert "somebody_can_be_asked" in (refused.message or "")
        too_much = stack.ledger.mint(grants=(grant(stack, max_amount=4_999),))
        assert (await agent.request_release(too_much, origin=ORIGIN)).outcome == "refused_by_rule"
        covered = stack.ledger.mint(grants=(grant(stack),))
        assert (await agent.request_release(covered, origin=ORIGIN)).status == "pending"
        offer = await browser.expect(Offer)
        await browser.approve(offer, grant_id="grant_1")
        await browser.expect(Deliver)
        await browser.send(Presence(attended=True))
        await browser.settled()
        assert (await agent.request_release(stack.ledger.mint(card_id="card_2"), origin=ORIGIN)).status == "pending"
    assert "grant:release:approved" in await stack.events()
    assert "person:release:approved" not in await stack.events()


async def test_who_leaves_without_having_seen_a_request_leaves_it_refused(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        unseen = await agent.request_release(stack.ledger.mint())
        await browser.expect(Offer)
        seen = await agent.request_release(stack.ledger.mint(card_id="card_2"))
        await browser.send(Shown(release_id=(await browser.expect(Offer)).release_id))
        await browser.send(Presence(attended=False))
        await browser.settled()
        assert (await agent.get(unseen.id)).outcome == "refused_by_rule"
        assert (await agent.get(seen.id)).status == "pending"


async def test_a_browser_with_somebody_in_front_of_it_is_preferred(stack: Stack) -> None:
    attended, empty = await stack.browser(), await stack.browser()
    await empty.send(Presence(attended=False))
    await empty.settled()
    async with stack.client() as agent:
        await agent.request_release(stack.ledger.mint())
    assert await attended.expect(Offer)


async def active(stack: Stack, browser: Browser) -> Browser:
    """Make `browser` the one that was used last."""
    stack.clock.advance(1)
    await browser.send(Presence(attended=True))
    await browser.settled()
    return browser


@pytest.mark.parametrize("answer", [Outcome.NO_TAB, Outcome.NOT_ENROLLED])
async def test_a_request_is_passed_on_to_the_browser_that_has_the_page(stack: Stack, answer: Outcome) -> None:
    other, first = await stack.browser(), await active(stack, await stack.browser())
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await first.expect(Offer)
        await first.report(asked.id, answer)
        passed_on = await other.expect(Offer)
        assert passed_on == offer
        await first.approve(offer)  # it has no say any more
        await first.settled()
        assert (await stack.event_facts("extension:message:refused"))[0]["reason"] == "offered_to_another_browser"
        signed = await other.approve(passed_on)
        await other.fill(await other.expect(Deliver), signed)
        assert (await agent.wait(asked.id)).outcome == "filled"
    (here, there), (not_here,) = await stack.event_facts("broker:release:offered"), await stack.event_facts("extension:release:not_here")
    assert here["deviceId"] == not_here["deviceId"] != there["deviceId"]
    assert len(stack.ledger.called("redeem")) == 1


async def test_when_no_browser_has_the_page_the_agent_hears_so(stack: Stack) -> None:
    away, other, first = await stack.browser(), await stack.browser(), await stack.browser()
    await away.send(Presence(attended=False))
    await away.settled()
    await active(stack, first)
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await first.expect(Offer)
        await first.report(asked.id, Outcome.NO_TAB)
        await other.expect(Offer)
        await other.report(asked.id, Outcome.NO_TAB)
        assert (await agent.wait(asked.id)).outcome == "no_tab"
    assert not [message for message in away.received if isinstance(message, Offer)], "nobody is there"


async def test_stop_after_the_redeem_closes_the_window_and_nothing_is_filled(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        signed = await browser.approve(await browser.expect(Offer))
        deliver = await browser.expect(Deliver)
        await browser.stop(asked.id)
        assert (await agent.wait(asked.id)).outcome == "stopped"
        await browser.fill(deliver, signed)
        await browser.settled()
        assert (await agent.get(asked.id)).outcome == "stopped"
    await eventually(lambda: bool(stack.ledger.called("windows/close")))
    assert stack.ledger.called("windows/close") == [{"accessEventId": signed.decision.access_event_id, "releaseId": None}]


async def test_stop_while_ledgeros_redeems_delivers_nothing_and_closes_the_window(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        stack.ledger.pause = asyncio.Event()
        await browser.approve(await browser.expect(Offer))
        await eventually(lambda: bool(stack.ledger.called("redeem")))
        await browser.stop(asked.id)
        assert (await agent.wait(asked.id)).outcome == "stopped"
        stack.ledger.pause.set()
    await eventually(lambda: bool(stack.ledger.called("windows/close")))
    assert not [message for message in browser.received if isinstance(message, Deliver)]


async def test_only_what_was_approved_here_can_be_stopped(stack: Stack) -> None:
    browser, other = await stack.browser(), await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        for one in (browser, other):
            await one.stop(asked.id)
            await one.settled()
        assert (await agent.get(asked.id)).status == "pending"


async def test_rules_and_actions_travel_to_ledgeros_and_its_refusal_comes_back(stack: Stack) -> None:
    browser = await stack.browser()
    stack.ledger.answer("grants", {"grants": [grant(stack).wire()]})
    await browser.send(ListGrants(request_id="AA"))
    assert (await browser.expect(GrantsAnswer)).grants == (grant(stack),)
    action = Action(version=1, kind="freeze_card", subject="card_1", device_id="dev_1", at=1, nonce="AA")
    await browser.send(Act(request_id="BB", signed=SignedAction(action=action, device_signature="AA")))
    assert (await browser.expect(ActAnswer)).error is None
    stack.ledger.answers["actions"] = lambda: refuse(403, "bad_signature", "It is not signed by the browser it names.")
    await browser.send(Act(request_id="CC", signed=SignedAction(action=action, device_signature="AA")))
    assert "not signed" in ((await browser.expect(ActAnswer)).error or "")
