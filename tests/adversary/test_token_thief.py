"""Somebody with a stolen details token: to anybody but its broker it is worth nothing, and its theft is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from broker import admin
from broker.client import AgentError, BrokerClient
from broker.protocol.channel import Deliver, Offer
from broker.protocol.decision import Decision
from tests.adversary.spies import count, refused
from tests.api.broker.test_with_ledgeros import Chain
from tests.api.issuer.harness import World, new_agent
from tests.api.issuer.owner import dashboard
from tests.api.issuer.parties import BrokerPeer, broker_peer


@asynccontextmanager
async def thief(world: World, broker_id: str = "brk_thief", *, enrolled: bool = True) -> AsyncIterator[BrokerPeer]:
    """Another broker with a certificate of our CA, enrolled in the same organisation unless told otherwise."""
    async with broker_peer(world.issuer, broker_id) as peer:
        if enrolled:
            assert (await peer.enrol(await world.owner.create_code("broker"))).status == 200
        yield peer


async def test_a_replayed_token_is_refused_with_an_alarm_that_names_both_brokers(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    assert (await world.broker.redeem(token, signed)).status == 200
    async with thief(world) as second:
        reply = await refused(world, token, signed, by=second)
    assert (reply.status, reply.body["code"]) == (410, "already_used")
    name, facts = world.issuer.events()[-1]
    assert (name, facts["firstBroker"], facts["broker"]) == ("alarm:token:replayed", world.broker.id, "brk_thief")


async def test_a_theft_and_a_replay_are_told_to_the_person(world: World) -> None:
    assert "alarm" not in (await world.owner.get("/")).text, "a calm day"
    token, decision = await world.approved()
    async with thief(world) as second:
        await second.introspect(token)
        stolen = (await world.owner.get("/")).text
        assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200
        for _ in range(2):
            await second.introspect(token)
        replayed = (await world.owner.get("/")).text
    assert f"bound to {world.broker.id}, presented by brk_thief" in stolen
    assert "a second time" not in stolen
    assert replayed.count(f"first by {world.broker.id}, then by brk_thief") == 1, "alike alarms are told once"


async def test_a_stolen_token_at_another_enrolled_broker_is_refused_and_alarmed(world: World) -> None:
    token, decision = await world.approved()
    async with thief(world) as other:
        assert (await other.introspect(token)).body["reason"] == "wrong_broker"
        assert count(world, "alarm:token:stolen") == 1, "looking is enough to be noticed"
        reply = await refused(world, token, world.device.sign(decision), by=other)
    assert (reply.status, reply.body["code"]) == (403, "wrong_broker")
    name, facts = world.issuer.events()[-1]
    assert (name, facts["boundBroker"], facts["broker"]) == ("alarm:token:stolen", world.broker.id, "brk_thief")
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200, "its owner is not harmed"


async def test_a_stolen_token_at_a_broker_that_is_not_enrolled_is_refused_and_alarmed(world: World) -> None:
    token, decision = await world.approved()
    async with thief(world, enrolled=False) as other:
        assert (await other.introspect(token)).status == 403
        reply = await refused(world, token, world.device.sign(decision), by=other)
    assert (reply.status, reply.body["code"]) == (403, "broker_not_enrolled")
    stolen = [facts for name, facts in world.issuer.events() if name == "alarm:token:stolen"]
    assert [(facts["broker"], facts["boundBroker"]) for facts in stolen] == [("brk_thief", world.broker.id)] * 2


async def test_a_token_of_another_organisation_is_unknown_there_and_alarms_its_owner(world: World) -> None:
    token, decision = await world.approved()
    async with dashboard(world.issuer, "Eve", "Elsewhere") as eve, broker_peer(world.issuer, "brk_elsewhere") as other:
        assert (await other.enrol(await eve.create_code("broker"))).status == 200
        looked = await other.introspect(token)
        assert (looked.body["active"], looked.body["reason"]) == (False, "unknown")
        reply = await refused(world, token, world.device.sign(decision), by=other)
        assert (reply.status, reply.body["code"]) == (404, "invalid_token")
        assert world.broker.id not in reply.text
        assert "alarm:token" not in (await eve.get("/events")).text, "the thief's organisation learns nothing"
    assert count(world, "alarm:token:stolen") == 2
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200


async def test_a_token_swapped_between_cards_does_not_carry_the_approval_along(world: World) -> None:
    cheap, dear = await world.new_card(), await world.new_card()
    first, decision = await world.approved(cheap)
    second = await world.token(dear)
    await world.introspected(second)
    reply = await refused(world, second, world.device.sign(decision))
    assert reply.body["code"] == "decision_mismatch"
    pointed = Decision.model_validate({**decision.wire(), "cardId": dear})
    assert (await refused(world, first, world.device.sign(pointed))).body["code"] == "decision_mismatch"
    assert (await world.broker.redeem(first, world.device.sign(decision))).status == 200


async def test_an_agent_cannot_make_tokens_for_another_agents_card(world: World) -> None:
    rival = await new_agent(world.issuer, world.key, world.user_id, name="rival")
    rival_token = (await world.call("POST", f"/v1/agents/{rival}/tokens", {})).body["token"]
    reply = await world.details(key=rival_token)
    assert (reply.status, reply.body["code"]) == (403, "out_of_scope")
    assert (await world.details()).status == 200


async def test_a_decision_for_one_agent_does_not_serve_another(world: World) -> None:
    rival = await new_agent(world.issuer, world.key, world.user_id, name="rival")
    token, decision = await world.approved()
    swapped = Decision.model_validate({**decision.wire(), "agentId": rival, "agentName": "rival"})
    assert (await refused(world, token, world.device.sign(swapped))).body["code"] == "decision_mismatch"


async def test_another_agent_that_presents_the_token_at_the_broker_is_refused_and_alarmed(chain: Chain) -> None:
    token = await chain.world.token()
    asked = await chain.agent.broker.request_release(token)
    offer = await chain.browser.expect(Offer)
    added = await asyncio.to_thread(admin.add_agent, chain.state.root, "rival")
    async with BrokerClient(chain.broker.agent_url, added.credential, chain.state.pki.ca_file) as rival:
        with pytest.raises(AgentError) as error:
            await rival.request_release(token)
        assert (error.value.status, error.value.code) == (409, "token_in_use")
        with pytest.raises(AgentError):
            await rival.wait(asked.id)
    events = await asyncio.to_thread(admin.list_events, chain.state.root)
    assert "alarm:token:presented-by-another-agent" in [entry.name for entry in events]
    signed = await chain.approve(offer)
    await chain.browser.fill(await chain.browser.expect(Deliver), signed)
    assert (await chain.agent.broker.wait(asked.id)).outcome == "filled"


async def test_a_guessed_token_is_unknown(world: World) -> None:
    _, decision = await world.approved()
    for guess in ("tok_" + "A" * 43, "tok_", "", "tok_" + "A" * 42 + "=", "' OR 1=1 --"):
        reply = await refused(world, guess, world.device.sign(decision))
        assert reply.status in (400, 404)


async def test_a_token_is_kept_as_a_hash_only(world: World) -> None:
    token, _ = await world.approved()
    files = [path for path in world.issuer.context.state.database.parent.rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in files)
    name = (await world.access_event(token))["id"]
    assert any(name.encode() in path.read_bytes() for path in files), "the search sees what is there"
