"""The whole chain without Chromium: the real LedgerOS, the real broker, an extension made of Python."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker import admin
from broker.app import BrokerSettings, RunningBroker, running_broker
from broker.client import AgentClient, AgentError, BrokerClient, LedgerClient, Release
from broker.core.clock import SystemClock
from broker.issuer.redeem.offline import verify_receipt
from broker.issuer.redeem.offline_denial import verify_denial
from broker.protocol.channel import (
    Act,
    ActAnswer,
    Approve,
    Deliver,
    Enrol,
    EnrolAnswer,
    GrantsAnswer,
    MakeGrant,
    Offer,
    Presence,
    Status,
    Stop,
)
from broker.protocol.decision import SignedDecision
from broker.protocol.outcomes import Outcome
from broker.state import BrokerState
from tests.api.broker.fake_browser import Browser
from tests.api.broker.test_restart import broker_process
from tests.api.broker.waiting import eventually
from tests.api.issuer.harness import World, ready_world, running_world
from tests.api.issuer.parties import Device
from tests.api.issuer.serving import SHOP, ManualClock, running_issuer

SETTINGS = BrokerSettings(status_seconds=60)


@dataclass
class Chain:
    """Everything a purchase needs."""

    world: World
    state: BrokerState
    broker: RunningBroker
    browser: Browser
    agent: AgentClient

    async def ask(self, **details: object) -> asyncio.Task[Release]:
        """The agent asks and waits."""
        wanted = {"summary": "Purchase office supplies", "expected_amount": 5_000, "merchant_text": "Amazon", **details}
        return asyncio.create_task(self.agent.release(self.world.card_id, page_url=SHOP + "/pay", **wanted))  # type: ignore[arg-type]

    async def approve(self, offer: Offer, *, passkey: bool = True) -> SignedDecision:
        """The person approves what the signed facts say."""
        device, now = self.world.device, self.world.clock.now_ms()
        decision = device.decision(offer.facts, now, releaseId=offer.release_id, claimed=offer.claimed.wire())
        signed = device.sign(decision, passkey=passkey)
        await self.browser.send(Approve(release_id=offer.release_id, signed=signed))
        return signed


def as_browser(world: World, device: Device) -> Browser:
    browser = Browser(world.issuer.pki, world.clock)  # type: ignore[arg-type]
    browser.signing, browser.sealing, browser.device_id = device.signing, device.sealing, device.id
    return browser


@asynccontextmanager
async def running_chain(root: Path, world: World) -> AsyncIterator[Chain]:
    state = BrokerState(root)
    state.write_issuer(world.issuer.context.addresses.broker_url, world.issuer.url)
    browser = as_browser(world, world.device)
    credential = (await asyncio.to_thread(admin.add_agent, root, "checkout-bot")).credential
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(running_broker(state, SETTINGS, world.clock))
        ledger = await stack.enter_async_context(LedgerClient(world.issuer.url, world.agent_token, state.pki.ca_file))
        agent = await stack.enter_async_context(BrokerClient(broker.agent_url, credential, state.pki.ca_file))
        await broker.status.refresh()
        status = await browser.connect(broker.channel_port, await pairing_code(broker, world))
        assert status == Status(issuer_reachable=True, enrolled=True, organisation_name="Harness")
        yield Chain(world, state, broker, browser, AgentClient(ledger, agent))
    await browser.gone()


async def pairing_code(broker: RunningBroker, world: World) -> str:
    from broker.channel import PairingDesk
    from broker.core.ids import IdFactory

    return await asyncio.to_thread(PairingDesk(broker.database, world.clock, IdFactory(world.clock)).create_code)


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    async with running_world(tmp_path) as world, running_chain(tmp_path, world) as running:
        yield running


async def test_a_purchase_from_details_to_an_attested_authorisation(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    assert chain.world.device.facts(offer.facts).summary == "Purchase office supplies"
    signed = await chain.approve(offer)
    card = await chain.browser.fill(await chain.browser.expect(Deliver), signed)
    release = await waiting
    assert (release.outcome, release.last4, release.origin) == ("filled", card.pan.last4, SHOP)
    paid = await chain.world.authorise(card)
    assert (paid.body["status"], paid.body["attestationStatus"]) == ("pending", "attested")
    await eventually(lambda: "broker:release:reported" in chain.world.issuer.names())
    names = chain.world.issuer.names()
    assert [name for name in names if name in ("broker:token:introspected", "person:release:approved", "broker:token:redeemed")]


async def test_a_denied_token_is_dead_at_ledgeros_too(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    await chain.browser.deny(offer.release_id)
    assert (await waiting).outcome == "denied"
    await eventually(lambda: "broker:release:reported" in chain.world.issuer.names())
    assert "broker:token:redeemed" not in chain.world.issuer.names()
    assert "person:release:denied" in chain.world.issuer.names(), "the browser's signature went all the way"
    receipt = (await chain.world.call("GET", f"/v1/releases/{offer.release_id}/receipt")).body
    assert verify_denial(receipt, chain.world.device.issuer_key).denial.said == "denied"


async def test_a_stop_is_the_persons_at_ledgeros_and_on_the_receipt(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    await chain.approve(offer)
    await chain.browser.expect(Deliver)
    await chain.browser.stop(offer.release_id)
    assert (await waiting).outcome == "stopped"
    await eventually(lambda: "person:release:stopped" in chain.world.issuer.names())
    receipt = verify_receipt((await chain.world.call("GET", f"/v1/releases/{offer.release_id}/receipt")).body).receipt
    assert (receipt.outcome, receipt.stop is not None) == ("stopped", True)


async def test_an_expired_offer_redeems_nothing(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    chain.world.clock.advance(seconds=121)
    await chain.approve(offer)
    assert (await waiting).outcome == "expired"
    assert "broker:token:redeemed" not in chain.world.issuer.names()


async def test_a_token_redeems_once_and_a_replay_raises_an_alarm(chain: Chain) -> None:
    token = await chain.world.token()
    asked = await chain.agent.broker.request_release(token, page_url=SHOP)
    signed = await chain.approve(await chain.browser.expect(Offer))
    await chain.browser.fill(await chain.browser.expect(Deliver), signed)
    assert (await chain.agent.broker.wait(asked.id)).outcome == "filled"
    assert (await chain.world.broker.redeem(token, signed)).status == 410
    assert "alarm:token:replayed" in chain.world.issuer.names()
    await chain.broker.status.refresh()
    alarm = (await chain.browser.expect(Status)).alarm
    assert alarm is not None
    assert (alarm.kind, alarm.at) == ("replayed", chain.world.clock.now_ms())
    assert (await chain.agent.broker.request_release(token)).id == asked.id


async def test_two_clicks_redeem_once(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    signed = await chain.approve(offer)
    await chain.approve(offer)
    await chain.browser.fill(await chain.browser.expect(Deliver), signed)
    assert (await waiting).outcome == "filled"
    assert chain.world.issuer.names().count("broker:token:redeemed") == 1


async def test_a_click_without_the_passkey_is_not_enough(chain: Chain) -> None:
    waiting = await chain.ask()
    await chain.approve(await chain.browser.expect(Offer), passkey=False)
    release = await waiting
    assert release.outcome == "passkey_required"
    assert release.next_step is not None


async def test_a_frozen_card_is_refused_with_ledgeros_words(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    frozen = await chain.world.call("POST", f"/v1/cards/{chain.world.card_id}/freeze")
    assert frozen.status == 200
    await chain.approve(offer)
    release = await waiting
    assert release.outcome == "refused_by_issuer"
    assert release.message is not None
    assert "frozen" in release.message


async def test_a_revoked_browser_gets_nothing(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    from broker.issuer.auth import Actor
    from broker.issuer.brokers.services import revoke_now

    now = chain.world.clock.now_ms()
    await chain.world.issuer.context.db.write(lambda tx: revoke_now(tx, Actor("person", "x"), "device", chain.world.device.id, now))
    await chain.approve(offer)
    assert (await waiting).outcome == "not_enrolled"


async def test_a_browser_is_enrolled_through_the_channel(chain: Chain) -> None:
    device = Device()
    browser = as_browser(chain.world, device)
    await browser.connect(chain.broker.channel_port, await pairing_code(chain.broker, chain.world))
    code = await chain.world.owner.create_code("browser")
    await browser.send(Enrol(request_id="r1", request=device.request(code, passkey=True)))
    answer = (await browser.expect(EnrolAnswer)).answer
    assert answer is not None
    assert (answer.organisation_name, answer.passkeys) == ("Harness", 1)
    await browser.send(Enrol(request_id="r2", request=device.request(code, passkey=False)))
    assert (await browser.expect(EnrolAnswer)).error is not None
    await browser.disconnect()


async def test_a_token_of_another_broker_is_refused(chain: Chain) -> None:
    from tests.api.issuer.parties import broker_peer

    async with broker_peer(chain.world.issuer, "brk_other") as other:
        await other.enrol(await chain.world.owner.create_code("broker"))
        token = await chain.world.token(clientContext={"brokerId": "brk_other"})
        assert (await chain.agent.broker.request_release(token)).outcome == "wrong_broker"


async def test_the_agents_client_raises_ledgeros_refusal(chain: Chain) -> None:
    with pytest.raises(AgentError) as refused:
        await chain.agent.release("card_none", summary="x", page_url=SHOP)
    assert (refused.value.status, refused.value.code) == (403, "out_of_scope")


async def test_ledgeros_gone_between_offer_and_approval(tmp_path: Path) -> None:
    async with AsyncExitStack() as outside:
        world = await outside.enter_async_context(running_world(tmp_path))
        async with running_chain(tmp_path, world) as chain:
            asked = await chain.agent.broker.request_release(await world.token(), page_url=SHOP)
            offer = await chain.browser.expect(Offer)
            await outside.aclose()
            await chain.approve(offer)
            ended = await chain.agent.broker.wait(asked.id)
            assert ended.outcome == "issuer_unavailable"
            await chain.broker.status.refresh()
            assert not (await chain.browser.expect(Status)).issuer_reachable


async def test_a_broker_killed_after_the_offer_comes_back_and_the_next_release_works(tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now_ms())
    async with running_issuer(tmp_path, clock=clock) as issuer, ready_world(issuer) as world:
        state = BrokerState(tmp_path)
        state.write_issuer(issuer.context.addresses.broker_url, issuer.url)
        credential = (await asyncio.to_thread(admin.add_agent, tmp_path, "checkout-bot")).credential
        browser = as_browser(world, world.device)
        async with broker_process(state) as (process, where):
            await browser.connect(int(str(where["channelPort"])), await asyncio.to_thread(admin.create_pairing_code, tmp_path))
            async with BrokerClient(str(where["agentUrl"]), credential, state.pki.ca_file) as agent:
                lost = await agent.request_release(await world.token())
                await browser.expect(Offer)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            await browser.gone()
        async with broker_process(state) as (process, where):
            await browser.connect(int(str(where["channelPort"])))
            async with BrokerClient(str(where["agentUrl"]), credential, state.pki.ca_file) as agent:
                assert (await agent.wait(lost.id)).outcome == "interrupted"
                again = await agent.request_release(await world.token(), page_url=SHOP)
                offer = await browser.expect(Offer)
                decision = world.device.decision(offer.facts, clock.now_ms(), releaseId=offer.release_id, claimed=offer.claimed.wire())
                signed = world.device.sign(decision)
                await browser.send(Approve(release_id=offer.release_id, signed=signed))
                await browser.fill(await browser.expect(Deliver), signed)
                assert (await agent.wait(again.id)).outcome == "filled"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
            await browser.gone()


async def test_approval_first_with_a_second_try_and_one_charge(chain: Chain) -> None:
    world, broker = chain.world, chain.agent.broker
    card_id = await world.new_card()
    intent_id = await world.intent(card_id)
    asked = await broker._call("POST", "/v1/releases", body={"intentId": intent_id, "pageUrl": SHOP + "/pay"})
    offer = await chain.browser.expect(Offer)
    facts = world.device.facts(offer.facts)
    assert (facts.token_hash, facts.intent_id, facts.expected_amount) == (None, intent_id, 5_000)
    signed = await chain.approve(offer)
    assert (await broker._call("GET", f"/v1/releases/{asked['id']}?wait=20", seconds=30))["status"] == "approved"

    async def give() -> Deliver:
        token = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
        await broker._call("POST", f"/v1/releases/{asked['id']}/token", body={"detailsToken": token})
        return await chain.browser.expect(Deliver)

    stolen = world.device.open({"sealed": (await give()).sealed.wire()}, signed.decision)
    await chain.browser.report(asked["id"], Outcome.PAGE_CHANGED)
    await eventually(lambda: "broker:window:closed" in world.issuer.names())
    assert (await world.authorise(stolen)).body["declinedReason"] == "no_release", "at once, not when the approval ends"
    assert (await broker._call("GET", f"/v1/releases/{asked['id']}?wait=20", seconds=30))["outcome"] == "page_changed"
    card = await chain.browser.fill(await give(), signed)
    assert (await broker.wait(asked["id"])).outcome == "filled"
    assert (await world.authorise(card)).body["status"] == "pending"
    assert (await world.authorise(card)).body["declinedReason"] == "no_release", "the first window is closed, the second used"
    assert (await world.owner.get("/access-events")).text.count("direct mode") == 2, "both tokens were spent under one decision"


async def test_a_rule_made_in_the_browser_pays_and_a_stop_takes_the_next_one_back(chain: Chain) -> None:
    world = chain.world
    grant = world.device.grant(world.agent_id, world.clock.now_ms())
    await chain.browser.send(MakeGrant(request_id="AA", signed=grant))
    made = await chain.browser.expect(GrantsAnswer)
    assert (made.error, [state.grant for state in made.grants]) == (None, [grant.grant])
    await chain.browser.send(Presence(attended=False))
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    ruled = world.device.decision(
        offer.facts, world.clock.now_ms(), releaseId=offer.release_id, claimed=offer.claimed.wire(), grantId=grant.grant.grant_id
    )
    signed = world.device.sign(ruled, passkey=False)
    await chain.browser.send(Approve(release_id=offer.release_id, signed=signed))
    deliver = await chain.browser.expect(Deliver)
    await chain.browser.send(Stop(release_id=offer.release_id))
    assert (await waiting).outcome == "stopped"
    stolen = world.device.open({"sealed": deliver.sealed.wire()}, ruled)
    await eventually(lambda: "broker:window:closed" in world.issuer.names())
    assert (await world.authorise(stolen)).body["declinedReason"] == "no_release"
    act = world.device.act("revoke_grant", grant.grant.grant_id, world.clock.now_ms())
    await chain.browser.send(Act(request_id="BB", signed=act))
    assert (await chain.browser.expect(ActAnswer)).error is None
    refused = await (await chain.ask())
    assert (refused.outcome, "somebody_can_be_asked" in (refused.message or "")) == ("refused_by_rule", True)


async def test_what_the_agent_takes_back_is_void_at_ledgeros(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    assert (await chain.agent.broker.withdraw(offer.release_id)).outcome == "withdrawn"
    assert (await waiting).outcome == "withdrawn"
    await eventually(lambda: "broker:release:reported" in chain.world.issuer.names())
    (event,) = (await chain.world.call("GET", f"/v1/cards/{chain.world.card_id}/access-events")).body["data"][:1]
    assert (event["status"], event["deniedReason"]) == ("denied", "withdrawn_by_agent")
