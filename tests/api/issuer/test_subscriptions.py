"""What card details are for: asked by the agent, shown to the person, signed, kept, and told by whatever tells of the release."""

from __future__ import annotations

from typing import Any

import pytest

from broker.core.canonical import b64u, digest
from broker.issuer.redeem.offline import verify_receipt
from broker.protocol.decision import DECISION_DOMAIN
from broker.protocol.receipt import sign_receipt
from tests.api.issuer.harness import World


async def redeemed(world: World, reason: str, **changes: Any) -> str:
    """A release for `reason`; its id."""
    token, decision = await world.approved(await world.new_card(), reason=reason)
    assert decision.reason == reason
    assert (await world.broker.redeem(token, world.device.sign(decision, **changes))).status == 200
    return decision.release_id


@pytest.mark.parametrize("reason", ["one-time", "subscription", "preauth"])
async def test_facts_receipt_events_and_api_say_what_it_is_for(world: World, reason: str) -> None:
    release_id = await redeemed(world, reason)
    verified = verify_receipt((await world.call("GET", f"/v1/releases/{release_id}/receipt")).body, world.device.issuer_key)
    assert (verified.facts.reason, verified.decision.reason) == (reason, reason)
    said = {name: facts.get("paymentReason") for name, facts in world.issuer.events()}
    assert (said["agent:details:granted"], said["person:release:approved"]) == (reason, reason)
    card_id = verified.decision.card_id
    assert (await world.call("GET", f"/v1/cards/{card_id}/access-events")).body["data"][0]["reason"] == reason


async def test_left_out_it_is_one_time(world: World) -> None:
    facts = world.device.facts(await world.introspected(await world.token()))
    assert facts.reason == "one-time"
    assert (await world.call("GET", f"/v1/intents/{await world.intent(await world.new_card())}")).body["reason"] == "one-time"


async def test_an_intent_says_it_to_the_person_and_its_details_inherit_it(world: World) -> None:
    card_id = await world.new_card()
    intent_id = await world.intent(card_id, reason="subscription")
    facts = (await world.broker.post("introspect", {"intentId": intent_id})).body["facts"]
    assert world.device.facts(facts).reason == "subscription"
    for asked in ({}, {"reason": "subscription"}):
        event = (await world.details(card_id, intentId=intent_id, **asked)).body["accessEventId"]
        assert (await world.call("GET", f"/v1/access-events/{event}")).body["reason"] == "subscription"
    said = [facts["paymentReason"] for name, facts in world.issuer.events() if name == "agent:intent:created"]
    assert said == ["subscription"]


async def test_the_dashboard_marks_a_subscription(world: World) -> None:
    chip = '<span class="chip look">'
    await world.token(await world.new_card())
    for page in ("/access-events", "/intents"):
        assert "subscription" not in (await world.owner.get(page)).text
    await world.token(await world.new_card(), reason="subscription")
    await world.intent(await world.new_card(), reason="subscription")
    for page in ("/access-events", "/intents"):
        text = (await world.owner.get(page)).text
        assert chip in text.split("subscription</span>")[0].rsplit("<td", 1)[1]


async def test_a_subscription_is_a_step_up_and_other_reasons_are_not(world: World) -> None:
    egress = await world.egress()

    async def by_click(reason: str) -> str | None:
        token = await world.token(await world.new_card(), reason=reason)
        decision = world.device.decision(await world.introspected(token), world.clock.now_ms(), **egress.recipient)
        found: str | None = (await world.broker.redeem(token, world.device.sign(decision, passkey=False))).body.get("code")
        return found

    await redeemed(world, "one-time")  # the merchant's words are linked to the origin
    assert [await by_click(reason) for reason in ("one-time", "preauth", "subscription")] == [None, None, "passkey_required"]
    await world.owner.set_approval("click")
    assert await by_click("subscription") is None, "where clicks are enough, this one is too: it was shown"


async def test_a_receipt_of_before_reasons_were_signed_still_verifies(world: World) -> None:
    release_id = await redeemed(world, "one-time")
    receipt = (await world.call("GET", f"/v1/releases/{release_id}/receipt")).body
    old = {name: value for name, value in receipt["signed"]["decision"].items() if name != "reason"}
    over = digest(DECISION_DOMAIN, old)
    signed = {
        "decision": old, "deviceSignature": b64u(world.device.signing.sign(over)), "passkey": world.device.passkey.assertion(over).wire(),
    }  # fmt: skip
    unsigned = {name: value for name, value in {**receipt, "signed": signed, "digest": b64u(over)}.items() if name != "signature"}
    key = world.issuer.context.keys.signing
    assert verify_receipt(sign_receipt(unsigned, key), world.device.issuer_key).decision.reason == "one-time"
    with pytest.raises(ValueError, match="another decision"):
        verify_receipt(sign_receipt({**unsigned, "digest": receipt["digest"]}, key), world.device.issuer_key)
