"""An agent that brings another's token: the person hears of it through the browser, as of LedgerOS's own alarms."""

from __future__ import annotations

import asyncio

import pytest

from broker import admin
from broker.client import AgentError
from broker.core.clock import HOUR_MS
from broker.protocol.channel import Offer, Status
from broker.protocol.issuer_api import Health, TokenAlarm
from broker.releases import ReleaseStore
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import NUMBER, ORIGIN
from tests.api.broker.harness import Stack


async def alarmed(stack: Stack, browser: Browser) -> Status:
    """A thief among the agents presents a token whose release is already asked for; what the browser is told."""
    thief = await asyncio.to_thread(admin.add_agent, stack.state.root, "thief")
    token = stack.ledger.mint()
    async with stack.client() as agent, stack.client(thief.credential) as other:
        await agent.request_release(token)
        await browser.expect(Offer)
        with pytest.raises(AgentError, match="token"):
            await other.request_release(token)
        return await browser.expect(Status)


async def test_a_token_that_another_agent_brought_is_told_to_the_person_at_once(stack: Stack) -> None:
    alarm = (await alarmed(stack, await stack.browser())).own_alarm
    assert alarm is not None
    assert (alarm.kind, alarm.last4, alarm.at) == ("another_agent", NUMBER[-4:], stack.clock.now_ms())
    assert "another agent had brought" in alarm.message


async def test_a_token_that_is_given_to_the_wrong_release_is_told_too(stack: Stack) -> None:
    browser = await stack.browser()
    thief = await asyncio.to_thread(admin.add_agent, stack.state.root, "thief")
    token = stack.ledger.mint()
    async with stack.client() as agent, stack.client(thief.credential) as other:
        await agent.request_release(token)
        await browser.expect(Offer)
        asked = await other.request_release_on_intent(stack.ledger.intend(card_id="card_2"), page_url=ORIGIN)
        await browser.approve(await browser.expect(Offer))
        await browser.settled()
        with pytest.raises(AgentError):
            await other.give_token(asked.id, token)
    assert (await browser.expect(Status)).own_alarm is not None


async def test_a_broker_that_starts_again_still_tells_of_it_for_a_day(stack: Stack) -> None:
    alarm = (await alarmed(stack, await stack.browser())).own_alarm
    again = ReleaseStore(stack.broker.database, stack.clock).alarms
    assert again.newest() is None
    await again.load()
    assert again.newest() == alarm
    stack.clock.ms += 25 * HOUR_MS
    assert again.newest() is None
    assert (await stack.broker.status.refresh()).own_alarm is None


async def test_the_brokers_alarm_and_ledgeross_do_not_hide_each_other(stack: Stack) -> None:
    theirs = TokenAlarm(at=5, kind="stolen", last4=None, message="A details token was stolen.")
    health = Health(time=6, broker_id="brk_1", enrolled=True, organisation_name="Acme", alarm=theirs)
    stack.ledger.answer("health", health.wire())
    status = await alarmed(stack, await stack.browser())
    assert [alarm and alarm.kind for alarm in (status.alarm, status.own_alarm)] == ["stolen", "another_agent"]
