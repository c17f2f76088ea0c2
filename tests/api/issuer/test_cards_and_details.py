"""Exposure modes, states, and what card details answer."""

from __future__ import annotations

import re

import pytest
from stdnum import luhn

from tests.api.issuer.harness import World, new_agent, new_user
from tests.api.issuer.owner import complete_kyc
from tests.api.issuer.serving import SHOP

RAW = {"purpose": "x", "credentialExposure": "rawPan"}


async def test_raw_numbers_need_a_person_and_an_acknowledgement(world: World) -> None:
    path = f"/v1/agents/{world.agent_id}/cards"
    acknowledged = {**RAW, "acknowledgeRawPanRisk": True}
    assert (await world.call("POST", path, RAW)).status == 400
    assert (await world.call("POST", path, acknowledged)).status == 403
    await world.owner.set_raw_pan("on")
    assert (await world.call("POST", path, RAW)).status == 400
    card = await world.call("POST", path, acknowledged)
    assert card.body["credentialExposure"] == "rawPan"

    details = await world.details(card.body["id"], key=world.key)
    assert list(details.body) == ["accessEventId", "exposureMode", "pan", "cvv", "expirationMonth", "expirationYear", "last4"]
    assert re.fullmatch(r"424242[0-8]\d{9}", details.body["pan"])
    assert luhn.is_valid(details.body["pan"])
    assert re.fullmatch(r"\d{3}", details.body["cvv"])
    assert details.body["expirationYear"] - 3 == 2027  # the harness's clock stands in January 2027

    agent = await world.details(card.body["id"])
    assert (agent.status, agent.body["code"]) == (403, "raw_pan_agent")
    await world.owner.set_raw_pan("off")
    assert (await world.details(card.body["id"], key=world.key)).body["code"] == "raw_pan_disabled"


async def test_a_card_that_exposes_never_answers_nothing(world: World) -> None:
    card_id = await world.new_card(credentialExposure="never")
    reply = await world.details(card_id)
    assert (reply.status, reply.body["code"]) == (403, "exposure_never")
    events = (await world.call("GET", f"/v1/cards/{card_id}/access-events")).body["data"]
    assert (events[0]["status"], events[0]["deniedReason"]) == ("denied", "exposure_never")


async def test_an_unknown_exposure_is_refused_at_creation_and_in_the_database(world: World) -> None:
    assert (await world.call("POST", f"/v1/agents/{world.agent_id}/cards", {"purpose": "x", "credentialExposure": "open"})).status == 400
    card_id = await world.new_card()
    await world.issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE cards SET exposure = 'open' WHERE id = ?", (card_id,)))
    reply = await world.details(card_id)
    assert (reply.status, reply.body["code"]) == (403, "unknown_exposure")


async def test_exposure_cannot_be_changed_afterwards(world: World) -> None:
    assert (await world.call("PATCH", f"/v1/cards/{world.card_id}", {"credentialExposure": "rawPan"})).status == 400


@pytest.mark.parametrize("outcome", ["pending", "deny", "more"])
async def test_before_approval_cards_cannot_be_used(world: World, outcome: str) -> None:
    user = await new_user(world.issuer, world.key)
    if outcome != "pending":
        await complete_kyc(world.issuer, user["applicationCompletionLink"], outcome)
    agent_id = await new_agent(world.issuer, world.key, user["id"])
    card = await world.call("POST", f"/v1/agents/{agent_id}/cards", {"purpose": "x"})
    reply = await world.details(card.body["id"], key=world.key)
    assert (reply.status, reply.body["code"]) == (403, "user_not_approved")


async def test_frozen_closed_and_suspended_are_refused_with_the_reason(world: World) -> None:
    card = f"/v1/cards/{world.card_id}"
    frozen = await world.call("POST", f"{card}/freeze")
    assert frozen.body == {"object": "card", "id": world.card_id, "status": "frozen", "previousStatus": "active"}
    assert (await world.details()).body["code"] == "card_frozen"
    assert (await world.call("POST", f"{card}/unfreeze")).body["status"] == "active"

    await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"status": "suspended"})
    assert (await world.details()).body["code"] == "agent_suspended"
    await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"status": "active"})
    assert (await world.details()).status == 200

    assert (await world.call("POST", f"{card}/close")).body["status"] == "closed"
    assert (await world.details()).body["code"] == "card_closed"
    assert (await world.call("POST", f"{card}/unfreeze")).status == 409
    assert (await world.call("PATCH", card, {"status": "active"})).status == 409


async def test_a_card_closes_after_its_days(world: World) -> None:
    card_id = await world.new_card(ttlDays=1)
    world.clock.advance(seconds=24 * 3600)
    assert (await world.details(card_id)).body["code"] == "card_closed"


async def test_an_agent_has_at_most_its_cards(world: World) -> None:
    await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"maxCards": 1})
    path = f"/v1/agents/{world.agent_id}/cards"
    assert (await world.call("POST", path, {"purpose": "x"})).body["code"] == "max_cards"
    assert (await world.call("GET", f"/v1/agents/{world.agent_id}")).body["cardCount"] == 1


async def test_an_access_event_shows_its_life(world: World) -> None:
    reply = await world.details()
    path = f"/v1/access-events/{reply.body['accessEventId']}"
    event = (await world.call("GET", path)).body
    assert (event["status"], event["expectedAmount"], event["merchantText"]) == ("granted", 5000, "Amazon")
    world.clock.advance(seconds=120)
    assert (await world.call("GET", path)).body["status"] == "expired"


async def test_an_agents_words_are_made_harmless(world: World) -> None:
    nasty = "Pay <b>now</b>\n\u202eevil\u200b " + "4242 4242 4242 4242"
    reply = await world.details(summary=nasty)
    event = (await world.call("GET", f"/v1/access-events/{reply.body['accessEventId']}")).body
    assert event["summary"] == "Pay now evil [number removed]"
    assert (await world.details(summary="\u200b\u202e")).status == 400


@pytest.mark.parametrize(
    ("context", "code"),
    [({"origin": "shop"}, "invalid_origin"), ({"origin": 1}, "invalid_origin"), ({"brokerId": "brk_other"}, "unknown_broker")],
)
async def test_a_binding_that_cannot_hold_is_refused(world: World, context: dict[str, object], code: str) -> None:
    reply = await world.details(clientContext=context)
    assert (reply.status, reply.body["code"]) == (422, code)


async def test_a_token_is_bound_to_origin_and_the_only_broker(world: World) -> None:
    token = await world.token(clientContext={"origin": SHOP + "/checkout?x=1", "other": "dropped"})
    event = await world.access_event(token)
    assert (event["origin"], event["bound_broker"]) == (SHOP, world.broker.id)


async def test_another_currency_is_refused(world: World) -> None:
    assert (await world.details(expectedCurrency="EUR")).status == 422


async def test_balance_is_credit_less_charges(world: World) -> None:
    await world.authorise(await world.release())
    balance = (await world.call("GET", f"/v1/users/{world.user_id}/balance")).body
    assert list(balance) == ["userId", "creditLimit", "pendingCharges", "postedCharges", "balanceDue", "spendingPower"]
    assert balance["pendingCharges"] == 5000
    assert balance["spendingPower"] == balance["creditLimit"] - 5000
