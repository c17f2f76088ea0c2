"""A subscription that nobody saw: what lets a shop charge again unasked is what was shown and signed, never the agent's word alone."""

from __future__ import annotations

from typing import Any

from broker.protocol.decision import Decision
from broker.protocol.sealing import Credentials
from tests.adversary.spies import refused
from tests.api.issuer.harness import World

MONTH = 30 * 24 * 3600


async def charged_again(world: World, card: Credentials) -> str | None:
    """The approved charge goes through; why the same shop's next one, a month later, is declined, or None."""
    first = await world.authorise(card)
    assert first.body["status"] == "pending", first.text
    world.clock.advance(seconds=MONTH)
    reason: str | None = (await world.authorise(card, previousTransactionId=first.body["id"])).body["declinedReason"]
    return reason


async def approved_on(world: World, intent_id: str, card_id: str, *, passkey: bool = True) -> tuple[Decision, Any]:
    """What the person approved on the intent, and the redeem of a token that inherits it."""
    _, decision = await world.approved_first(card_id, intent_id)
    token = await world.token(card_id, intentId=intent_id)
    return decision, await world.broker.redeem(token, world.device.sign(decision, passkey=passkey))


async def test_a_shop_cannot_charge_again_on_an_approval_of_one_charge(world: World) -> None:
    """The shop and the agent work together; the person approved $50.00 once."""
    card = await world.release(await world.new_card())
    assert await charged_again(world, card) == "no_release"


async def test_an_agent_cannot_make_it_a_subscription_after_the_approval(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    for other in ("subscription", "preauth"):
        swapped = await world.details(card_id, intentId=intent_id, reason=other)
        assert (swapped.status, swapped.body["code"]) == (422, "intent_mismatch")
        assert "reason" in swapped.body["error"]
    token = await world.token(card_id, intentId=intent_id)
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert await charged_again(world, world.device.open(reply.body, decision)) == "no_release"


async def test_an_agent_that_says_one_thing_in_its_intent_gets_no_other(world: World) -> None:
    """Said as one charge it is one, however the shop names the next; said as a subscription the person is told, and needs the passkey."""
    card_id = await world.new_card()
    decision, reply = await approved_on(world, await world.intent(card_id), card_id)
    assert decision.reason == "one-time"
    assert await charged_again(world, world.device.open(reply.body, decision)) == "no_release"
    honest = await world.intent(card_id, reason="subscription")
    decision, reply = await approved_on(world, honest, card_id, passkey=False)
    assert (decision.reason, reply.body["code"]) == ("subscription", "passkey_required")


async def test_an_intents_name_cannot_be_given_to_a_subscription_later(world: World) -> None:
    card_id = await world.new_card()
    await world.intent(card_id, intentId="order-7")
    body = {"summary": "Purchase office supplies", "expectedAmount": 5000, "expectedMerchant": "Amazon", "intentId": "order-7"}
    path = f"/v1/cards/{card_id}/intents"
    again = await world.call("POST", path, {**body, "reason": "subscription"}, key=world.agent_token)
    assert (again.status, again.body["code"]) == (409, "intent_exists")


async def test_a_hijacked_broker_cannot_have_another_reason_redeemed_than_was_signed(world: World) -> None:
    card_id = await world.new_card()
    once, plain = await world.approved(card_id)
    often, repeating = await world.approved(card_id, reason="subscription")
    for token, decision, other in ((once, plain, "subscription"), (often, repeating, "one-time"), (often, repeating, "preauth")):
        changed = Decision.read({**decision.wire(), "reason": other})
        altered = world.device.sign(decision).model_copy(update={"decision": changed})
        assert (await refused(world, token, altered)).body["code"] == "bad_signature"
        # Even a browser that was deceived signs for what LedgerOS knows of this token, or for nothing.
        signed = await refused(world, token, world.device.sign(changed))
        assert (signed.body["code"], "reason" in signed.body["error"]) == ("decision_mismatch", True)
    without = world.device.sign(plain).wire()
    del without["decision"]["reason"]
    assert (await refused(world, once, without)).status == 400
    assert (await world.broker.redeem(once, world.device.sign(plain))).status == 200


async def test_a_standing_rule_approves_no_subscription(world: World) -> None:
    rule = world.device.grant(world.agent_id, world.clock.now_ms())
    assert (await world.broker.post("grants", rule.wire())).status == 200
    token, decision = await world.approved(await world.new_card(), reason="subscription")
    ruled = Decision.read({**decision.wire(), "grantId": rule.grant.grant_id})
    reply = await refused(world, token, world.device.sign(ruled, passkey=False))
    assert (reply.body["code"], "grant_subscription" in reply.body["error"]) == ("refused_by_rule", True)
    [state] = (await world.broker.get("grants")).body["grants"]
    assert state["usedTotal"] == 0
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200, "a person does"


async def test_the_agents_word_in_the_database_is_not_enough(world: World) -> None:
    """As in a database of before: the token says subscription, the decision that spent it does not."""
    card = await world.release(await world.new_card())
    await world.issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE access_events SET reason = 'subscription'"))
    assert await charged_again(world, card) == "no_release"


async def test_a_subscription_that_was_approved_as_one_repeats_at_its_shop_and_no_higher(world: World) -> None:
    """The honest yes."""
    card_id = await world.new_card()
    decision, reply = await approved_on(world, await world.intent(card_id, reason="subscription"), card_id)
    card = world.device.open(reply.body, decision)
    assert await charged_again(world, card) is None
    [first] = [t for t in (await world.call("GET", f"/v1/cards/{card_id}/transactions")).body["data"] if t["accessEventId"]][-1:]
    more = await world.authorise(card, 5_101, previousTransactionId=first["id"])
    assert more.body["declinedReason"] == "no_release"
    elsewhere = {"name": "Example Shop", "id": "shop-1", "origin": "https://other.example"}
    assert (await world.authorise(card, previousTransactionId=first["id"], merchant=elsewhere)).body["declinedReason"] == "no_release"
