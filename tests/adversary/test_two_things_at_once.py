"""Bad timing: approvals after the end, clocks that are off, and things that happen at once."""

from __future__ import annotations

import asyncio

import pytest

from broker.protocol.channel import Deliver, Offer
from broker.protocol.decision import Decision
from tests.adversary.spies import count, refused, windows
from tests.api.broker.test_with_ledgeros import Chain
from tests.api.issuer.harness import World


async def test_an_approval_after_the_tokens_end_buys_nothing(world: World) -> None:
    token, decision = await world.approved()
    world.clock.advance(seconds=119)
    early = world.device.sign(decision)
    world.clock.advance(seconds=1)
    late = Decision.model_validate({**decision.wire(), "decidedAt": world.clock.now_ms(), "nonce": "AAAAAAAAAAAAAAAAAAAAAA"})
    for signed in (early, world.device.sign(late)):
        assert (await refused(world, token, signed)).body["code"] == "expired"


async def test_an_approval_after_the_end_is_not_even_sent_on(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    chain.world.clock.advance(seconds=121)
    await chain.approve(offer)
    assert (await asyncio.wait_for(waiting, 10)).outcome == "expired"
    assert not [name for name in chain.world.issuer.names() if name == "broker:token:refused"]


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_browsers_clock_minutes_off_is_said_and_buys_nothing(world: World, minutes: int) -> None:
    token, decision = await world.approved()
    off = minutes * 60_000
    dated = Decision.model_validate({**decision.wire(), "decidedAt": decision.decided_at + off, "expiresAt": decision.expires_at + off})
    reply = await refused(world, token, world.device.sign(dated))
    assert reply.body["code"] == "clock_skew"
    assert "clock" in reply.body["error"]
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200


async def test_a_decision_cannot_outlive_its_token(world: World) -> None:
    token, decision = await world.approved()
    endless = Decision.model_validate({**decision.wire(), "expiresAt": decision.expires_at + 3_600_000})
    assert (await refused(world, token, world.device.sign(endless))).body["code"] == "decision_too_long"


async def test_two_approvals_that_race_are_one_redeem_and_one_window(world: World) -> None:
    token, decision = await world.approved()
    twin = Decision.model_validate({**decision.wire(), "nonce": "BBBBBBBBBBBBBBBBBBBBBA", "releaseId": "rel_twin"})
    signed = [world.device.sign(one) for one in (decision, twin, decision, twin)]
    replies = await asyncio.gather(*(world.broker.redeem(token, one) for one in signed))
    assert sorted(reply.status for reply in replies)[0] == 200
    assert [reply.status for reply in replies].count(200) == 1
    assert (count(world, "broker:token:redeemed"), windows(world)) == (1, 1)


async def test_one_decision_presented_with_two_tokens_at_once_opens_one_window(world: World) -> None:
    card = await world.new_card()
    first, decision = await world.approved(card)
    second, _ = await world.approved(card)
    signed = world.device.sign(decision)
    replies = await asyncio.gather(world.broker.redeem(first, signed), world.broker.redeem(second, signed))
    assert [reply.status for reply in replies] == [200, 403]
    assert windows(world) == 1


async def test_a_freeze_that_races_a_redeem_leaves_a_card_that_buys_nothing(world: World) -> None:
    card = await world.new_card()
    token, decision = await world.approved(card)
    frozen, redeemed = await asyncio.gather(
        world.call("POST", f"/v1/cards/{card}/freeze"), world.broker.redeem(token, world.device.sign(decision))
    )
    assert frozen.status == 200
    assert redeemed.status in (200, 403)
    if redeemed.status == 200:
        credentials = world.device.open(redeemed.body, decision)
        assert (await world.authorise(credentials)).body["declinedReason"] == "card_frozen"


async def test_two_charges_that_race_for_one_window_are_one_authorisation(world: World) -> None:
    credentials = await world.release(await world.new_card())
    replies = await asyncio.gather(*(world.authorise(credentials) for _ in range(4)))
    reasons = [reply.body["declinedReason"] for reply in replies]
    assert reasons.count(None) == 1
    assert set(reasons) <= {None, "no_release"}


async def test_a_second_click_while_the_first_is_redeemed_delivers_once(chain: Chain) -> None:
    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    signed, _ = await chain.approve(offer), await chain.approve(offer)
    await chain.browser.fill(await chain.browser.expect(Deliver), signed)
    assert (await asyncio.wait_for(waiting, 10)).outcome == "filled"
    assert len([message for message in chain.browser.received if isinstance(message, Deliver)]) == 1
    assert chain.world.issuer.names().count("broker:token:redeemed") == 1
