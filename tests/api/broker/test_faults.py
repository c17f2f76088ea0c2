"""LedgerOS down, slow or strange; browsers that go away; a broker that stops: nothing is lost, everything has an outcome."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from broker import tlog
from broker.app import BrokerSettings, running_broker
from broker.audit import read_events
from broker.pki.profile import Roles
from broker.protocol.channel import Deliver, Offer, Status, Withdrawn
from broker.protocol.issuer_api import Health
from broker.protocol.outcomes import Outcome
from tests.api.broker.fake_ledger import FakeLedger, new_token
from tests.api.broker.harness import Stack, prepare_state, running_stack
from tests.api.broker.waiting import ManualClock, eventually


async def test_an_unknown_token_is_named_so(stack: Stack) -> None:
    async with stack.client() as agent:
        assert (await agent.request_release(new_token())).outcome == "invalid_token"
    assert "issuer:token:refused" in await stack.events()


async def test_used_expired_and_foreign_tokens_have_their_outcomes(stack: Stack) -> None:
    used, late = stack.ledger.mint(), stack.ledger.mint(seconds=0)
    stack.ledger.spent.append(used)
    async with stack.client() as agent:
        assert (await agent.request_release(used)).outcome == "already_used"
        assert (await agent.request_release(late)).outcome == "expired"
        for reason, outcome in (("wrong_broker", "wrong_broker"), ("blocked", "refused_by_issuer")):
            body = {"active": False, "reason": reason, "message": "The agent is suspended.", "facts": None}
            stack.ledger.answer("introspect", body)
            assert (await agent.request_release(new_token())).outcome == outcome


async def test_an_introspection_of_another_token_is_not_offered(stack: Stack) -> None:
    browser = await stack.browser()
    theirs = stack.ledger.mint()
    answer = stack.ledger._introspect(theirs).wire()
    stack.ledger.answers["introspect"] = lambda: web.json_response(answer)
    async with stack.client() as agent:
        assert (await agent.request_release(new_token())).outcome == "internal_error"
    await browser.settled()
    assert not [message for message in browser.received if isinstance(message, Offer)]


async def test_ledgeros_down_at_introspection(tmp_path: Path) -> None:
    async with running_stack(tmp_path, issuer_connect_seconds=0.5) as stack:
        await stack.browser()
        stack.ledger.answers["introspect"] = lambda: web.Response(status=502, text="<html>bad gateway</html>")
        async with stack.client() as agent:
            ended = await agent.request_release(stack.ledger.mint())
    assert ended.outcome == "issuer_unavailable"


async def test_a_ledgeros_that_comes_back_on_another_port_is_found(stack: Stack) -> None:
    await stack.browser()
    stack.state.issuer_file.unlink()
    async with stack.client() as agent:
        ended = await agent.request_release(stack.ledger.mint())
        assert ended.outcome == "issuer_unavailable"
        async with stack.ledger.running():
            beside = stack.state.root / "issuer" / "endpoints.json"
            beside.parent.mkdir()
            beside.write_text(json.dumps({"brokerUrl": stack.ledger.url, "publicUrl": stack.ledger.url}))
            assert (await agent.request_release(stack.ledger.mint())).status == "pending"


async def test_a_slow_ledgeros_is_not_waited_for(tmp_path: Path) -> None:
    async with running_stack(tmp_path, issuer_total_seconds=0.2) as stack:
        await stack.browser()
        stack.ledger.pause = asyncio.Event()
        async with stack.client() as agent:
            ended = await agent.request_release(stack.ledger.mint())
        stack.ledger.pause.set()
    assert (ended.outcome, ended.message) == ("issuer_unavailable", "LedgerOS did not answer in time.")


async def test_an_unanswered_redeem_is_not_repeated_and_says_that_the_state_is_unknown(tmp_path: Path) -> None:
    async with running_stack(tmp_path, issuer_total_seconds=0.3) as stack:
        browser = await stack.browser()
        async with stack.client() as agent:
            asked = await agent.request_release(stack.ledger.mint())
            offer = await browser.expect(Offer)
            stack.ledger.pause = asyncio.Event()
            await browser.approve(offer)
            ended = await agent.wait(asked.id)
            stack.ledger.pause.set()
        assert ended.outcome == "issuer_unavailable"
        assert ended.message is not None
        assert "unknown whether the token was spent" in ended.message
        assert len(stack.ledger.called("redeem")) == 1
        assert "issuer:redeem:unanswered" in await stack.events()


async def test_strange_answers_to_a_redeem_deliver_nothing(stack: Stack) -> None:
    browser = await stack.browser()
    odd: list[Callable[[], web.Response]] = [
        lambda: web.json_response({"hello": "world"}),
        lambda: web.json_response([1, 2]),
        lambda: web.Response(text="x" * 200_000, content_type="application/json"),
        lambda: web.Response(status=302, headers={"Location": "https://localhost:1/steal"}),
    ]
    async with stack.client() as agent:
        for answer in odd:
            stack.ledger.answers["redeem"] = answer
            asked = await agent.request_release(stack.ledger.mint())
            await browser.approve(await browser.expect(Offer))
            assert (await agent.wait(asked.id)).outcome == "issuer_unavailable"
    assert not [message for message in browser.received if isinstance(message, Deliver)]


async def test_another_server_of_our_authority_receives_no_token(tmp_path: Path) -> None:
    """A hijacked broker's own server certificate, say: it verifies, but it is not LedgerOS's."""
    state = prepare_state(tmp_path)
    clock = ManualClock()
    imposter = FakeLedger(state.pki, clock, state.identity().broker_id)
    async with imposter.running(Roles.BROKER_SERVER):
        state.write_issuer(imposter.url, imposter.url)
        async with running_broker(state, BrokerSettings(status_seconds=60), clock) as broker:
            stack = Stack(state, clock, imposter, BrokerSettings(), broker, await _agent(state.root))
            async with stack.client() as agent:
                ended = await agent.request_release(imposter.mint())
    assert ended.outcome == "issuer_unavailable"
    assert imposter.calls == []


async def _agent(root: Path) -> str:
    from broker import admin

    return (await asyncio.to_thread(admin.add_agent, root, "checkout-bot")).credential


async def test_the_outcome_is_reported_when_ledgeros_is_back(stack: Stack) -> None:
    browser = await stack.browser()
    stack.ledger.answers["outcomes"] = lambda: web.Response(status=503)
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.deny((await browser.expect(Offer)).release_id)
        await agent.wait(asked.id)
    await eventually(lambda: len(stack.ledger.called("outcomes")) == 1)
    del stack.ledger.answers["outcomes"]
    await eventually(lambda: len(stack.ledger.called("outcomes")) == 2)


# Browsers ------------------------------------------------------------------------------------


async def test_a_browser_that_comes_back_gets_its_pending_offer_again(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        first = await browser.expect(Offer)
        await browser.disconnect()
        await browser.connect(stack.broker.channel_port)
        assert await browser.expect(Offer) == first
        signed = await browser.approve(first)
        await browser.fill(await browser.expect(Deliver), signed)
        assert (await agent.wait(asked.id)).outcome == "filled"


async def test_credentials_redeemed_while_the_browser_was_away_are_delivered_when_it_is_back(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        offer = await browser.expect(Offer)
        stack.ledger.pause = asyncio.Event()
        signed = await browser.approve(offer)
        await eventually(lambda: bool(stack.ledger.called("redeem")))
        await browser.disconnect()
        await eventually(lambda: _offline(stack))
        stack.ledger.pause.set()
        await stack.happened("issuer:token:redeemed")
        await browser.connect(stack.broker.channel_port)
        await browser.fill(await browser.expect(Deliver), signed)
        assert (await agent.wait(asked.id)).outcome == "filled"


async def _offline(stack: Stack) -> bool:
    return not await stack.broker.releases._desk.courier.connected()


async def test_a_browser_that_stays_away_while_filling_is_interrupted_after_the_grace(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.approve(await browser.expect(Offer))
        await browser.expect(Deliver)
        await browser.disconnect()
        await eventually(lambda: _offline(stack))
        stack.clock.advance(9)
        await stack.broker.releases.sweep()
        assert (await agent.get(asked.id)).status == "filling"
        stack.clock.advance(2)
        await stack.broker.releases.sweep()
        assert (await agent.get(asked.id)).outcome == "interrupted"


async def test_a_result_after_a_reconnect_within_the_grace_counts(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        signed = await browser.approve(await browser.expect(Offer))
        deliver = await browser.expect(Deliver)
        await browser.disconnect()
        await eventually(lambda: _offline(stack))
        await browser.connect(stack.broker.channel_port)
        await browser.fill(deliver, signed)
        assert (await agent.wait(asked.id)).outcome == "filled"
        stack.clock.advance(60)
        await stack.broker.releases.sweep()
        assert (await agent.get(asked.id)).outcome == "filled"
    assert len([message for message in browser.received if isinstance(message, Deliver)]) == 1


async def test_a_browser_that_never_reports_is_interrupted(stack: Stack) -> None:
    browser = await stack.browser()
    async with stack.client() as agent:
        asked = await agent.request_release(stack.ledger.mint())
        await browser.approve(await browser.expect(Offer))
        await browser.expect(Deliver)
        stack.clock.advance(31)
        await stack.broker.releases.sweep()
        assert (await agent.get(asked.id)).outcome == "interrupted"
        assert (await browser.expect(Withdrawn)).outcome is Outcome.INTERRUPTED


async def test_real_timers_end_a_release_without_a_sweep(tmp_path: Path) -> None:
    async with running_stack(tmp_path) as stack:
        await stack.browser()
        async with stack.client() as agent:
            asked = await agent.request_release(stack.ledger.mint(seconds=0.3))
            assert asked.status == "pending"
            stack.clock.advance(1)
            assert (await agent.wait(asked.id, 10)).outcome == "expired"


# The broker itself ---------------------------------------------------------------------------


async def test_a_stopping_broker_withdraws_offers_and_answers_those_who_wait(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as agents:
        async with running_stack(tmp_path) as stack:
            browser = await stack.browser()
            agent = await agents.enter_async_context(stack.client())
            asked = await agent.request_release(stack.ledger.mint())
            await browser.expect(Offer)
            waiting = asyncio.create_task(agent._call("GET", f"/v1/releases/{asked.id}?wait=60"))
            await agent.get(asked.id)  # on a second connection: by its answer the first request is being waited on
        assert (await waiting)["id"] == asked.id
    assert (await browser.expect(Withdrawn)).outcome is Outcome.INTERRUPTED
    with stack.state.open_database() as database:
        entries = database.read_now(read_events)
        tlog.verify(entries)
    assert (entries[-1].name, entries[-1].facts) == ("broker:release:finished", {"releaseId": asked.id, "outcome": "interrupted"})


async def test_the_browser_is_told_when_ledgeros_goes_and_comes(stack: Stack) -> None:
    browser = await stack.browser()
    stack.ledger.answers["health"] = lambda: web.Response(status=503)
    await stack.broker.status.refresh()
    assert not (await browser.expect(Status)).issuer_reachable
    del stack.ledger.answers["health"]
    await stack.broker.status.refresh()
    assert await browser.expect(Status) == Status(issuer_reachable=True, enrolled=True, organisation_name="Acme")


ALARM = {"at": 5, "kind": "replayed", "last4": "7897", "message": "A details token was presented twice; nothing was released then."}


@pytest.mark.parametrize("reason", ["used", "wrong_broker"])
async def test_a_token_alarm_reaches_the_browser_right_after_the_answer_that_raised_it(stack: Stack, reason: str) -> None:
    browser = await stack.browser()
    stack.ledger.answer("introspect", {"active": False, "reason": reason, "message": None, "facts": None})
    known = Health(time=1, broker_id="brk_1", enrolled=True, organisation_name="Acme").wire()
    stack.ledger.answer("health", {**known, "alarm": ALARM})
    async with stack.client() as agent:
        await agent.request_release(stack.ledger.mint())
        status = await browser.expect(Status)
    assert status.alarm is not None
    assert status.alarm.wire() == ALARM
    stack.ledger.answers["health"] = lambda: web.Response(status=503)
    await stack.broker.status.refresh()
    assert (await browser.expect(Status)).alarm == status.alarm, "an alarm does not go because LedgerOS is away"


async def test_no_number_and_no_token_is_kept_anywhere(stack: Stack) -> None:
    from tests.api.broker.fake_ledger import NUMBER

    browser = await stack.browser()
    token = stack.ledger.mint()
    async with stack.client() as agent:
        asked = await agent.request_release(token, purpose=f"card {NUMBER}")
        signed = await browser.approve(await browser.expect(Offer))
        await browser.fill(await browser.expect(Deliver), signed)
        await agent.wait(asked.id)
    await asyncio.to_thread(stack.broker.database.write_now, lambda transaction: None)
    written = b"".join(file.read_bytes() for file in stack.state.folder.rglob("*") if file.is_file())
    assert asked.id.encode() in written
    for secret in (token, NUMBER, stack.credential):
        assert secret.encode() not in written
