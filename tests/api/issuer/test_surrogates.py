"""Surrogate mode at LedgerOS: sealed to an enrolled egress, a stand-in for the page, and what becomes of one that is charged."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from stdnum import luhn

from broker.issuer.cards.numbers import BIN
from broker.issuer.sweep import sweep
from broker.issuer.transactions.tables import windows
from broker.protocol.decision import Decision
from broker.protocol.issuer_api import Redeemed
from broker.protocol.sealing import Credentials, key_id
from tests.api.issuer.harness import World
from tests.api.issuer.owner import dashboard
from tests.api.issuer.parties import Egress, broker_peer
from tests.api.issuer.serving import FAST, SHOP, Reply


async def redeem(world: World, egress: Egress, card_id: str | None = None, *, passkey: bool = True) -> tuple[Redeemed, Decision]:
    token, decision = await world.approved_for(egress, card_id)
    reply = await world.broker.redeem(token, world.device.sign(decision, passkey=passkey))
    assert reply.status == 200, reply.text
    return Redeemed.model_validate(reply.body), decision


def standing_in(redeemed: Redeemed, real: Credentials) -> dict[str, Any]:
    """What a shop that was sent the page's values charges with."""
    assert redeemed.surrogate is not None
    return {"pan": redeemed.surrogate.surrogate.number, "cvv": redeemed.surrogate.surrogate.security_code}


def opened(world: World) -> list[tuple[Any, ...]]:
    query = select(windows.c.access_event_id, windows.c.consumed_at, windows.c.closed_at).order_by(windows.c.opened_at, windows.c.id)
    return world.issuer.context.db.read_now(lambda c: [tuple(row) for row in c.execute(query)])


# Redeem ---------------------------------------------------------------------------------------


async def test_the_facts_name_the_egress_keys_beside_this_broker(world: World) -> None:
    assert world.device.facts(await world.introspected(await world.token(await world.new_card()))).egress_keys == ()
    first = await world.egress()
    world.clock.advance(seconds=1)
    second = await world.egress()
    async with broker_peer(world.issuer, "brk_second") as other:
        assert (await other.enrol(await world.owner.create_code("broker"))).status == 200
        await Egress().enrol(other, await world.owner.create_code("egress"))
    named = [egress.recipient["recipientKeyId"] for egress in (second, first)]
    card_id = await world.new_card()
    assert list(world.device.facts(await world.introspected(await world.token(card_id))).egress_keys) == named
    reply = await world.broker.post("introspect", {"intentId": await world.intent(card_id)})
    assert list(world.device.facts(reply.body["facts"]).egress_keys) == named
    assert (await world.owner.post(f"/egresses/{second.id}/revoke", "/brokers")).status == 303
    assert list(world.device.facts(await world.introspected(await world.token(await world.new_card()))).egress_keys) == named[1:]


async def test_the_card_is_sealed_to_the_egress_and_a_stand_in_is_answered(world: World) -> None:
    egress = await world.egress()
    address = {"line1": "1 Analytical Row", "line2": None, "city": "Sacramento", "state": None, "postalCode": None, "country": "US"}
    assert (await world.call("PUT", f"/v1/users/{world.user_id}/billing-address", address)).status == 200
    redeemed, decision = await redeem(world, egress)
    real = egress.open(redeemed.wire(), decision)
    card = redeemed.surrogate
    assert card is not None
    number = card.surrogate.number
    assert (number[:7], number[-4:], len(number)) == (BIN + "9", real.pan.last4, 16)
    assert luhn.is_valid(number)
    assert card.surrogate.security_code != real.cvv.reveal()
    assert (card.expiration_month, card.expiration_year) == (real.expiration_month, real.expiration_year)
    assert card.cardholder_name == real.cardholder_name
    assert card.billing is not None
    assert card.billing.wire() == address
    assert card.billing == real.billing
    events = dict(world.issuer.events())
    assert events["person:release:approved"]["mode"] == "surrogate"
    assert number not in str(events)


async def test_the_browser_that_approved_cannot_open_it(world: World) -> None:
    from cryptography.exceptions import InvalidTag

    redeemed, decision = await redeem(world, await world.egress())
    with pytest.raises(InvalidTag):
        world.device.open(redeemed.wire(), decision)


async def test_in_direct_mode_there_is_no_stand_in_and_no_egress(world: World) -> None:
    egress = await world.egress()
    token, decision = await world.approved()
    to_egress = Decision.read({**decision.wire(), "recipientKeyId": egress.recipient["recipientKeyId"]})
    assert (await world.broker.redeem(token, world.device.sign(to_egress))).body["code"] == "decision_mismatch"
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert reply.status == 200
    assert "surrogate" not in reply.body


async def test_an_egress_that_is_not_enrolled_beside_this_broker_gets_nothing(world: World) -> None:
    revoked, right = await world.egress(), await world.egress()
    assert (await world.owner.post(f"/egresses/{revoked.id}/revoke", "/brokers")).status == 303
    async with dashboard(world.issuer, "Eve", "Other") as eve, broker_peer(world.issuer, "brk_eve") as other:
        assert (await other.enrol(await eve.create_code("broker"))).status == 200
        foreign = await Egress().enrol(other, await eve.create_code("egress"))
    async with broker_peer(world.issuer, "brk_second") as second:
        assert (await second.enrol(await world.owner.create_code("broker"))).status == 200
        beside_another = await Egress().enrol(second, await world.owner.create_code("egress"))
    token, decision = await world.approved()
    own = {"mode": "surrogate", "recipientKeyId": decision.recipient_key_id}
    for recipient in (revoked.recipient, foreign.recipient, beside_another.recipient, Egress().recipient, own):
        wrong = Decision.read({**decision.wire(), **recipient})
        reply = await world.broker.redeem(token, world.device.sign(wrong))
        assert (reply.status, reply.body["code"]) == (403, "egress_not_enrolled")
        assert world.issuer.events()[-1][1]["reason"] == "egress_not_enrolled"
    meant = Decision.read({**decision.wire(), **right.recipient})
    assert (await world.broker.redeem(token, world.device.sign(meant))).status == 200, "none of them consumed the token"


async def test_what_was_approved_for_one_mode_cannot_be_had_in_the_other(world: World) -> None:
    egress = await world.egress()
    token, decision = await world.approved_for(egress)
    signed = world.device.sign(decision)
    for change in ({"mode": "direct"}, {"mode": "direct", "recipientKeyId": key_id(world.device.sealing.public_key().public_bytes_raw())}):
        altered = signed.model_copy(update={"decision": Decision.read({**decision.wire(), **change})})
        assert (await world.broker.redeem(token, altered)).body["code"] == "bad_signature"
    assert (await world.broker.redeem(token, signed)).status == 200


async def test_step_up_asks_for_no_passkey_where_the_page_sees_no_number(world: World) -> None:
    egress = await world.egress()
    await redeem(world, egress, await world.new_card())  # the passkey links the merchant's words to the origin
    await redeem(world, egress, await world.new_card(), passkey=False)
    token, decision = await world.approved(await world.new_card())
    assert (await world.broker.redeem(token, world.device.sign(decision, passkey=False))).body["code"] == "passkey_required"


async def test_a_standing_rule_allows_the_mode_it_names(world: World) -> None:
    egress = await world.egress()
    signed = world.device.grant(world.agent_id, world.clock.now_ms(), modes=["surrogate"])
    assert (await world.broker.post("grants", signed.wire())).status == 200
    token = await world.token(await world.new_card())
    facts, now, by_rule = await world.introspected(token), world.clock.now_ms(), {"grantId": signed.grant.grant_id}
    direct = world.device.sign(world.device.decision(facts, now, **by_rule), passkey=False)
    assert (await world.broker.redeem(token, direct)).body["code"] == "refused_by_rule"
    surrogate = world.device.sign(world.device.decision(facts, now, **by_rule, **egress.recipient), passkey=False)
    assert (await world.broker.redeem(token, surrogate)).body["surrogate"] is not None


async def test_a_further_token_under_the_same_decision_has_a_stand_in_of_its_own(world: World) -> None:
    egress, card_id = await world.egress(), await world.new_card()
    intent_id, decision = await world.approved_first(card_id, **egress.recipient)
    seen = []
    for _ in range(2):
        token = (await world.details(card_id, intentId=intent_id)).body["detailsToken"]
        reply = await world.broker.redeem(token, world.device.sign(decision))
        assert reply.status == 200, reply.text
        seen.append(reply.body["surrogate"]["surrogate"]["number"])
        outcome = {
            "releaseId": decision.release_id, "accessEventId": reply.body["accessEventId"], "intentId": intent_id,
            "outcome": "page_changed", "fields": [],
        }  # fmt: skip
        assert (await world.broker.post("outcomes", outcome)).status == 200
    assert len(set(seen)) == 2


async def test_two_running_releases_never_share_a_stand_in(world: World) -> None:
    egress, card_id = await world.egress(), await world.new_card()
    context = world.issuer.context
    context.randomness = bytes  # every draw alike
    first, _ = await redeem(world, egress, card_id)
    token, decision = await world.approved_for(egress, card_id)
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert (reply.status, reply.body["code"]) == (409, "no_surrogate")
    assert world.issuer.events()[-1][1]["reason"] == "no_surrogate"
    draws = iter(range(1_000))
    context.randomness = lambda size: next(draws).to_bytes(size, "big")
    other = await world.broker.redeem(token, world.device.sign(decision))
    assert other.status == 200, "the refusal consumed nothing, and a number that is taken is drawn again"
    assert first.surrogate is not None
    assert other.body["surrogate"]["surrogate"]["number"] != first.surrogate.surrogate.number


# The stand-in is charged ----------------------------------------------------------------------


async def test_a_stand_in_that_is_charged_is_declined_and_names_its_release(world: World) -> None:
    egress, card_id = await world.egress(), await world.new_card()
    redeemed, decision = await redeem(world, egress, card_id)
    real = egress.open(redeemed.wire(), decision)
    reply = await world.authorise(real, **standing_in(redeemed, real))
    assert (reply.body["status"], reply.body["declinedReason"]) == ("declined", "surrogate_presented")
    [facts] = [facts for name, facts in world.issuer.events() if name == "alarm:surrogate:presented"]
    assert (facts["release"], facts["card"], facts["agent"]) == (decision.release_id, card_id, world.agent_id)
    assert (facts["accessEvent"], facts["transaction"]) == (redeemed.access_event_id, reply.body["id"])
    assert (facts["merchant"], facts["origin"], facts["amount"]) == ("Example Shop", SHOP, 5000)
    [listed] = (await world.call("GET", f"/v1/cards/{card_id}/transactions")).body["data"]
    assert (listed["declinedReason"], listed["accessEventId"]) == ("surrogate_presented", redeemed.access_event_id)
    assert (await world.authorise(real)).body["status"] == "pending", "the window was not used up"


async def test_a_stand_in_touches_no_limit(world: World) -> None:
    egress, card_id = await world.egress(), await world.new_card(maxAuthCount=1)
    redeemed, decision = await redeem(world, egress, card_id)
    real = egress.open(redeemed.wire(), decision)
    for _ in range(6):
        reply = await world.authorise(real, 50_000, **standing_in(redeemed, real))
        assert reply.body["declinedReason"] == "surrogate_presented"
    assert (await world.call("GET", f"/v1/cards/{card_id}")).body["currentSpend"] == 0
    assert (await world.call("GET", f"/v1/agents/{world.agent_id}")).body["status"] == "active"
    assert (await world.authorise(real)).body["status"] == "pending"


async def test_a_shop_cannot_tell_a_stand_in_in_use_from_one_that_is_not(world: World) -> None:
    egress = await world.egress()
    redeemed, decision = await redeem(world, egress)
    real = egress.open(redeemed.wire(), decision)
    used = standing_in(redeemed, real)
    body = used["pan"][:11]
    free = next(n for n in (f"{body}{d:05d}" for d in range(100_000)) if luhn.is_valid(n) and n != used["pan"])
    replies = [await world.authorise(real, **{**used, "pan": number}) for number in (used["pan"], free)]
    answers = [{key: value for key, value in reply.body.items() if key != "id"} for reply in replies]
    assert answers[0] == answers[1]
    assert world.issuer.names().count("alarm:surrogate:presented") == 1


async def test_the_alarm_goes_to_the_cards_organisation_whoever_charges(world: World) -> None:
    egress = await world.egress()
    redeemed, decision = await redeem(world, egress)
    real = egress.open(redeemed.wire(), decision)
    async with dashboard(world.issuer, "Eve", "Other") as eve, broker_peer(world.issuer, "brk_eve") as other:
        assert (await other.enrol(await eve.create_code("broker"))).status == 200
        acquirer = await eve.create_key("acquirer")
        charge = {
            **standing_in(redeemed, real), "expirationMonth": real.expiration_month, "expirationYear": real.expiration_year,
            "amount": 5000, "currency": "USD", "merchant": {"name": "Eve's"},
        }  # fmt: skip
        reply = await world.call("POST", "/v1/simulate/authorizations", charge, key=acquirer)
        assert reply.body["declinedReason"] == "surrogate_presented"
        assert (await other.health()).body["alarm"] is None
        assert decision.release_id not in (await eve.get("/")).text + (await eve.get("/events")).text
        key = await eve.create_key()
        [transaction] = (await world.call("GET", "/v1/transactions", key=key)).body["data"]
        assert (transaction["cardId"], transaction["accessEventId"]) == (None, None)
    alarm = (await world.broker.health()).body["alarm"]
    assert (alarm["kind"], alarm["last4"]) == ("surrogate", real.pan.last4)
    [facts] = [facts for name, facts in world.issuer.events() if name == "alarm:surrogate:presented"]
    assert "transaction" not in facts, "that is the other organisation's"


async def test_the_person_sees_which_release_it_came_from(world: World) -> None:
    egress = await world.egress()
    redeemed, decision = await redeem(world, egress)
    real = egress.open(redeemed.wire(), decision)
    await world.authorise(real, **standing_in(redeemed, real))
    overview = (await world.owner.get("/")).text
    assert decision.release_id in overview
    assert "the card was not charged" in overview
    assert "surrogate mode" in (await world.owner.get("/access-events")).text
    alarm = (await world.broker.health()).body["alarm"]
    assert (alarm["kind"], alarm["last4"], alarm["at"]) == ("surrogate", real.pan.last4, world.clock.now_ms())
    assert redeemed.surrogate is not None
    assert redeemed.surrogate.surrogate.number not in overview


async def test_a_stand_in_is_recognised_long_after_its_release_and_then_forgotten(world: World) -> None:
    egress = await world.egress()
    redeemed, decision = await redeem(world, egress)
    real = egress.open(redeemed.wire(), decision)
    world.clock.advance(seconds=399 * 86_400)
    await world.issuer.context.db.write(lambda tx: sweep(tx, world.clock.now_ms(), FAST))
    await world.authorise(real, **standing_in(redeemed, real))
    assert world.issuer.names().count("alarm:surrogate:presented") == 1
    world.clock.advance(seconds=2 * 86_400)
    await world.issuer.context.db.write(lambda tx: sweep(tx, world.clock.now_ms(), FAST))
    reply = await world.authorise(real, **standing_in(redeemed, real))
    assert reply.body["declinedReason"] == "surrogate_presented"
    assert world.issuer.names().count("alarm:surrogate:presented") == 1


# How it ended ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "closed"),
    [("swap_not_seen", True), ("egress_unavailable", True), ("submitted", False), ("may_have_been_charged", False)],
)
async def test_where_the_number_never_left_the_egress_the_window_closes(world: World, outcome: str, closed: bool) -> None:
    egress = await world.egress()
    redeemed, decision = await redeem(world, egress, await world.new_card())
    report = {"releaseId": decision.release_id, "accessEventId": redeemed.access_event_id, "outcome": outcome, "fields": []}
    assert (await world.broker.post("outcomes", report)).status == 200
    [(_, _, closed_at)] = opened(world)
    assert (closed_at is not None) is closed
    charged: Reply = await world.authorise(egress.open(redeemed.wire(), decision))
    assert (charged.body["declinedReason"] == "no_release") is closed
    assert ("broker:window:closed" in world.issuer.names()) is closed


async def test_a_receipt_says_the_mode_and_verifies(world: World) -> None:
    from broker.issuer.redeem.offline import verify_receipt

    egress = await world.egress()
    _, decision = await redeem(world, egress)
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    verified = verify_receipt(receipt, world.device.issuer_key)
    assert verified.decision.mode == "surrogate"
    assert verified.decision.recipient_key_id in verified.facts.egress_keys
