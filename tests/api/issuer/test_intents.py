"""Approval first: an intent is decided on, then its token is spent under that decision, and again only when nothing came of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from broker.core.canonical import b64u
from broker.issuer.transactions.tables import windows
from broker.protocol.decision import Decision
from tests.api.issuer.harness import World, new_agent
from tests.api.issuer.parties import broker_peer
from tests.api.issuer.serving import SHOP, Reply


async def spend(world: World, card_id: str, intent_id: str, decision: Decision, *, passkey: bool = True, **details: Any) -> Reply:
    """The agent fetches a token of the intent and the broker redeems it under the decision."""
    body = {"summary": "Purchase office supplies", "intentId": intent_id, **details}
    reply = await world.call("POST", f"/v1/cards/{card_id}/details", body, key=world.agent_token)
    assert reply.status == 200, reply.text
    return await world.broker.redeem(reply.body["detailsToken"], world.device.sign(decision, passkey=passkey))


async def report(world: World, reply: Reply, decision: Decision, outcome: str) -> None:
    body = {
        "releaseId": decision.release_id, "accessEventId": reply.body["accessEventId"], "intentId": decision.intent_id,
        "outcome": outcome, "fields": [],
    }  # fmt: skip
    assert (await world.broker.post("outcomes", body)).status == 200


def refusal(reply: Reply) -> str:
    assert reply.status == 403, reply.text
    return str(reply.body["code"])


async def test_an_intent_is_made_read_and_listed_by_its_agent(world: World) -> None:
    body = {"summary": "Paper", "expectedAmount": 5000, "expectedMerchant": "Amazon", "intentId": "order-7", "tolerance": 10}
    path = f"/v1/cards/{world.card_id}/intents"
    made = await world.call("POST", path, body, key=world.agent_token)
    assert (made.status, made.body["status"], made.body["intentId"]) == (201, "pending_approval", "order-7")
    assert made.body["expiresAt"] == world.clock.now_ms() + 30 * 60_000
    again = await world.call("POST", path, body, key=world.agent_token)
    assert again.body["id"] == made.body["id"]
    assert (await world.call("POST", path, {**body, "expectedAmount": 1}, key=world.agent_token)).status == 409
    assert (await world.call("GET", f"/v1/intents/{made.body['id']}", key=world.agent_token)).body == made.body
    assert (await world.call("GET", path, key=world.agent_token)).body["data"] == [made.body]


async def test_an_agent_cannot_approve_and_sees_only_its_own(world: World) -> None:
    intent_id = await world.intent()
    for verb in ("approve", "reject"):
        assert (await world.call("POST", f"/v1/intents/{intent_id}/{verb}", {}, key=world.agent_token)).status == 403
    other = await new_agent(world.issuer, world.key, world.user_id)
    token = (await world.call("POST", f"/v1/agents/{other}/tokens", {})).body["token"]
    assert (await world.call("GET", f"/v1/intents/{intent_id}", key=token)).status == 403
    assert (await world.call("POST", f"/v1/cards/{world.card_id}/intents", {}, key=token)).status in (400, 403)
    assert (await world.call("POST", f"/v1/intents/{intent_id}/approve", {})).body["status"] == "pending"
    assert (await world.call("POST", f"/v1/intents/{intent_id}/cancel", {}, key=world.agent_token)).body["status"] == "canceled"
    assert (await world.call("POST", f"/v1/intents/{intent_id}/approve", {})).status == 409


async def test_a_person_decides_before_there_is_a_token(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    assert (decision.token_hash, decision.access_event_id, decision.intent_id) == (None, None, intent_id)
    world.clock.advance(seconds=600)  # longer than any token lives
    reply = await spend(world, card_id, intent_id, decision)
    assert reply.status == 200, reply.text
    credentials = world.device.open(reply.body, decision)
    charged = await world.authorise(credentials, merchant={"name": "Amazon", "id": "shop-1", "origin": SHOP})
    assert charged.body["status"] == "pending"
    intent = (await world.call("GET", f"/v1/intents/{intent_id}")).body
    assert intent["status"] == "matched"
    assert intent["matchResult"] == {"amountMatch": True, "merchantMatch": True, "actualAmount": 5000, "actualMerchant": "Amazon"}
    assert {"broker:intent:introspected", "person:release:approved", "ledgeros:intent:matched"} <= set(world.issuer.names())


async def test_back_end_approval_opens_nothing_without_a_decision(world: World) -> None:
    await world.owner.set_approval("click")
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    await world.call("POST", f"/v1/intents/{intent_id}/approve", {})
    unsigned = world.device.sign(decision, passkey=False).model_copy(update={"device_signature": "AA"})
    token = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
    assert refusal(await world.broker.redeem(token, unsigned)) == "bad_signature"


async def test_the_approval_lasts_a_quarter_of_an_hour(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    longer = Decision.model_validate({**decision.wire(), "expiresAt": decision.decided_at + 900_001})
    assert refusal(await spend(world, card_id, intent_id, longer)) == "decision_too_long"
    world.clock.advance(seconds=900 + 121)
    assert refusal(await spend(world, card_id, intent_id, decision)) == "decision_expired"


async def test_an_approval_does_not_outlive_its_intent(world: World) -> None:
    card_id = await world.new_card()
    intent_id = await world.intent(card_id, ttlMinutes=5)
    _, decision = await world.approved_first(card_id, intent_id)
    longer = Decision.model_validate({**decision.wire(), "expiresAt": decision.decided_at + 900_000})
    assert refusal(await spend(world, card_id, intent_id, longer)) == "decision_too_long"
    world.clock.advance(seconds=300)
    late = await world.details(card_id, intentId=intent_id, expectedAmount=5000)
    assert refusal(late) == "intent_expired"
    assert (await world.broker.post("introspect", {"intentId": intent_id})).body["reason"] == "expired"


async def test_details_must_fit_their_intent_and_inherit_the_rest(world: World) -> None:
    card_id = await world.new_card()
    intent_id = await world.intent(card_id, tolerance=10)
    wrongs: list[dict[str, Any]] = [{"expectedAmount": 5011}, {"expectedAmount": 4989}, {"merchantText": "Another"}]
    for wrong in wrongs:
        reply = await world.details(card_id, intentId=intent_id, **wrong)
        assert (reply.status, reply.body["code"]) == (422, "intent_mismatch"), wrong
    assert (await world.details(card_id, intentId="int_other")).status == 404
    assert (await world.details(await world.new_card(), intentId=intent_id)).status == 404, "of another card"
    body = {"summary": "Paper", "intentId": intent_id}
    event = (await world.call("POST", f"/v1/cards/{card_id}/details", body, key=world.agent_token)).body["accessEventId"]
    seen = (await world.call("GET", f"/v1/access-events/{event}")).body
    assert (seen["intentId"], seen["expectedAmount"], seen["merchantText"]) == (intent_id, 5000, "Amazon")


async def test_a_token_of_another_intent_or_of_none_is_not_spent(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    other = await world.intent(card_id)
    assert refusal(await spend(world, card_id, other, decision)) == "decision_mismatch"
    plain = await world.token(card_id)
    assert refusal(await world.broker.redeem(plain, world.device.sign(decision))) == "decision_mismatch"
    elsewhere = Decision.model_validate({**decision.wire(), "intentId": other})
    assert refusal(await spend(world, card_id, other, elsewhere)) == "facts_unknown"
    assert (await spend(world, card_id, intent_id, decision)).status == 200


async def test_a_decision_on_an_intent_names_no_token(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    named = Decision.model_validate({**decision.wire(), "tokenHash": b64u(b"x" * 32)})
    assert refusal(await spend(world, card_id, intent_id, named)) == "decision_mismatch"


async def test_when_nothing_reached_the_page_the_same_decision_spends_another_token(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    first = await spend(world, card_id, intent_id, decision)
    unused = world.device.open(first.body, decision)
    assert refusal(await spend(world, card_id, intent_id, decision)) == "decision_replayed", "nobody said how the first ended"
    await report(world, first, decision, "page_changed")
    second = await spend(world, card_id, intent_id, decision)
    assert second.status == 200, second.text
    open_windows = world.issuer.context.db.read_now(
        lambda c: list(c.execute(select(windows.c.access_event_id).where(windows.c.consumed_at.is_(None), windows.c.closed_at.is_(None))))
    )
    assert open_windows == [(second.body["accessEventId"],)], "the first window closed in the same transaction"
    [closed] = [facts for name, facts in world.issuer.events() if name == "broker:window:closed"]
    assert (closed["accessEvent"], closed["replacedBy"]) == (first.body["accessEventId"], second.body["accessEventId"])
    assert world.issuer.names().count("person:release:approved") == 1
    third = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
    assert (await world.authorise(unused)).body["status"] == "pending", "one window, the same card"
    await report(world, second, decision, "tab_closed")
    assert refusal(await world.broker.redeem(third, world.device.sign(decision))) == "intent_done", "it was paid"


async def test_a_decision_spends_three_tokens_at_most(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    for _ in range(3):
        reply = await spend(world, card_id, intent_id, decision)
        assert reply.status == 200, reply.text
        await report(world, reply, decision, "page_changed")
    assert refusal(await spend(world, card_id, intent_id, decision)) == "decision_replayed"


@pytest.mark.parametrize("outcome", ["filled", "field_rejected", "interrupted", "stopped"])
async def test_after_anything_else_the_decision_is_spent(world: World, outcome: str) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    second = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
    reply = await spend(world, card_id, intent_id, decision)
    await report(world, reply, decision, outcome)
    assert refusal(await world.broker.redeem(second, world.device.sign(decision))) in ("decision_replayed", "intent_rejected")


async def test_one_decision_an_intent(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    _, other = await world.approved_first(card_id, intent_id)
    reply = await spend(world, card_id, intent_id, decision)
    await report(world, reply, decision, "page_changed")
    assert refusal(await spend(world, card_id, intent_id, other)) == "decision_replayed"
    assert (await world.broker.post("introspect", {"intentId": intent_id})).body["reason"] == "used"


async def test_the_passkey_is_asked_for_and_not_twice(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    assert refusal(await spend(world, card_id, intent_id, decision, passkey=False)) == "passkey_required"
    token = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
    signed = world.device.sign(decision)
    first = await world.broker.redeem(token, signed)
    await report(world, first, decision, "no_form")
    again = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
    assert (await world.broker.redeem(again, signed)).status == 200, "the very same signatures"


async def test_a_denied_intent_is_rejected(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    body: dict[str, Any] = {
        "releaseId": decision.release_id,
        "accessEventId": None,
        "intentId": intent_id,
        "outcome": "denied",
        "fields": [],
    }
    assert (await world.broker.post("outcomes", body)).status == 200
    assert (await world.call("GET", f"/v1/intents/{intent_id}")).body["status"] == "rejected"
    assert refusal(await world.details(card_id, intentId=intent_id)) == "intent_rejected"


async def test_a_rule_counts_one_use_a_decision(world: World) -> None:
    signed = world.device.grant(world.agent_id, world.clock.now_ms(), countPerDay=1)
    await world.broker.post("grants", signed.wire())
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id, grantId=signed.grant.grant_id)
    reply = await spend(world, card_id, intent_id, decision, passkey=False)
    await report(world, reply, decision, "no_form")
    assert (await spend(world, card_id, intent_id, decision, passkey=False)).status == 200
    [state] = (await world.broker.get("grants")).body["grants"]
    assert state["usedTotal"] == 1
    other, next_decision = await world.approved_first(card_id, grantId=signed.grant.grant_id)
    assert "grant_count" in (await spend(world, card_id, other, next_decision, passkey=False)).text


async def test_an_intent_belongs_to_the_first_broker_that_asks(world: World) -> None:
    card_id = await world.new_card()
    intent_id, _ = await world.approved_first(card_id)
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        assert (await second.post("introspect", {"intentId": intent_id})).body["reason"] == "wrong_broker"
    for body in ({}, {"token": "tok_" + "A" * 43, "intentId": intent_id}):
        assert (await world.broker.post("introspect", body)).status == 400
