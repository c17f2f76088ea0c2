"""A hijacked broker that says otherwise how a release ended: the first word counts, and no state changes without its event."""

from __future__ import annotations

from typing import Any

import pytest

from broker.protocol.decision import Decision
from broker.protocol.sealing import Credentials
from tests.adversary.spies import count
from tests.api.issuer.harness import World
from tests.api.issuer.parties import broker_peer
from tests.api.issuer.serving import Reply


async def spent(world: World, card_id: str, intent_id: str, decision: Decision) -> tuple[str, Credentials]:
    """A token of the intent, redeemed: its access event, and what the browser was handed."""
    token = await world.token(card_id, intentId=intent_id)
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert reply.status == 200, reply.text
    return reply.body["accessEventId"], world.device.open(reply.body, decision)


async def say(world: World, decision: Decision, outcome: str, event_id: str | None, intent_id: str | None = None) -> Reply:
    fields: list[str] = []
    body = {"releaseId": decision.release_id, "accessEventId": event_id, "intentId": intent_id, "outcome": outcome, "fields": fields}
    return await world.broker.post("outcomes", body)


async def status(world: World, intent_id: str) -> str:
    return str((await world.call("GET", f"/v1/intents/{intent_id}")).body["status"])


async def outcome(world: World, decision: Decision) -> str | None:
    found: str | None = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body["outcome"]
    return found


@pytest.mark.parametrize("named", ["token", "intent"])
@pytest.mark.parametrize("lie", ["stopped", "withdrawn", "denied", "issuer_unavailable"])
async def test_a_second_word_rejects_no_intent(world: World, lie: str, named: str) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    event_id, card = await spent(world, card_id, intent_id, decision)
    assert (await say(world, decision, "filled", event_id, intent_id)).status == 200
    before = count(world, "broker:release:reported")
    assert (await say(world, decision, lie, event_id if named == "token" else None, intent_id)).status == 200
    assert (await status(world, intent_id), await outcome(world, decision)) == ("pending", "filled")
    assert count(world, "broker:release:reported") == before
    # That nothing may be charged any more is believed at any time, and leaves its event.
    closes = lie != "denied"
    assert count(world, "broker:window:closed") == closes
    assert (await world.authorise(card)).body["declinedReason"] == ("no_release" if closes else None)


async def test_a_word_about_an_earlier_token_leaves_the_running_one_alone(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    first, _ = await spent(world, card_id, intent_id, decision)
    await say(world, decision, "page_changed", first, intent_id)
    _, card = await spent(world, card_id, intent_id, decision)
    for lie in ("stopped", "filled", "denied"):
        assert (await say(world, decision, lie, first, intent_id)).status == 200
    assert (await status(world, intent_id), await outcome(world, decision)) == ("pending", None)
    assert (await world.authorise(card)).body["status"] == "pending"


@pytest.mark.parametrize("lie", ["stopped", "withdrawn", "denied", "filled"])
async def test_the_end_of_another_release_is_not_this_ones(world: World, lie: str) -> None:
    """What was asked about twice was approved the second time; the first one's end comes late, or was made up."""
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    event_id, card = await spent(world, card_id, intent_id, decision)
    other = decision.model_copy(update={"release_id": "rel_another"})
    assert (await say(world, other, lie, event_id, intent_id)).status == 200
    assert (await status(world, intent_id), await outcome(world, decision)) == ("pending", None)
    assert count(world, "broker:window:closed") == 0
    assert (await say(world, decision, "filled", event_id, intent_id)).status == 200
    assert await outcome(world, decision) == "filled"
    assert (await world.authorise(card)).body["status"] == "pending"


async def test_one_report_does_not_void_another_purchases_intent(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    token, other = await world.approved(card_id)
    assert (await say(world, other, "denied", other.access_event_id, intent_id)).status == 404
    assert await status(world, intent_id) == "pending_approval"
    assert (await world.broker.redeem(token, world.device.sign(other))).status == 200
    assert (await spent(world, card_id, intent_id, decision))[1] is not None


async def test_what_the_first_word_does_to_an_intent_is_in_the_log(world: World) -> None:
    """The control: said in time it counts, once."""
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    event_id, card = await spent(world, card_id, intent_id, decision)
    for _ in range(2):
        assert (await say(world, decision, "stopped", event_id, intent_id)).status == 200
    said = [facts for name, facts in world.issuer.events() if name == "broker:release:reported"]
    assert [(facts["outcome"], facts["intentStatus"]) for facts in said] == [("stopped", "rejected")]
    assert (await status(world, intent_id), await outcome(world, decision)) == ("rejected", "stopped")
    assert (await world.authorise(card)).body["declinedReason"] == "no_release"


async def test_between_two_tokens_a_stop_still_counts(world: World) -> None:
    """The control: after a try that came to nothing, an end that names the intent alone ends all further tries."""
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    event_id, _ = await spent(world, card_id, intent_id, decision)
    await say(world, decision, "page_changed", event_id, intent_id)
    token = await world.token(card_id, intentId=intent_id)
    await say(world, decision, "stopped", None, intent_id)
    assert (await status(world, intent_id), await outcome(world, decision)) == ("rejected", "page_changed")
    assert (await world.broker.redeem(token, world.device.sign(decision))).body["code"] == "intent_rejected"


async def test_a_redeem_that_was_given_up_on_comes_too_late(world: World) -> None:
    """The broker had no answer and said so; what was still on its way opens nothing."""
    card_id = await world.new_card()
    token, plain = await world.approved(card_id)
    await say(world, plain, "issuer_unavailable", plain.access_event_id)
    late: dict[str, Any] = (await world.broker.redeem(token, world.device.sign(plain))).body
    assert late["code"] == "denied"
    intent_id, decision = await world.approved_first(card_id)
    token = await world.token(card_id, intentId=intent_id)
    await say(world, decision, "issuer_unavailable", None, intent_id)
    late = (await world.broker.redeem(token, world.device.sign(decision))).body
    assert late["code"] == "intent_canceled"
    assert count(world, "broker:token:redeemed") == 0


async def test_another_broker_says_nothing_about_it(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    event_id, card = await spent(world, card_id, intent_id, decision)
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        body = {"releaseId": decision.release_id, "accessEventId": event_id, "outcome": "stopped", "fields": []}
        assert (await second.post("outcomes", body)).status == 404
        assert (await second.post("outcomes", {**body, "accessEventId": None, "intentId": intent_id})).status == 404
    assert await status(world, intent_id) == "pending"
    assert (await world.authorise(card)).body["status"] == "pending"
