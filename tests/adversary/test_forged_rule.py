"""A receipt of a payment that a standing rule decided: it holds the rule with the person's proof, and the payment lies inside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.core.canonical import b64u, unb64u
from broker.issuer.redeem.offline import verify_receipt
from broker.protocol.decision import Decision
from broker.protocol.grants import SignedGrant
from broker.protocol.sealing import key_id
from tests.adversary.spies import altered
from tests.adversary.test_forged_receipt import Verifier, by_ledgeros, decided, given, known
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device, Passkey
from tests.api.issuer.serving import SHOP

DAY = 86_400_000


async def paid_by_rule(world: World, **bounds: Any) -> dict[str, Any]:
    """The receipt of a payment that a standing rule of the person's decided."""
    signed = world.device.grant(world.agent_id, world.clock.now_ms(), **bounds)
    assert (await world.broker.post("grants", signed.wire())).status == 200
    token, decision = await world.approved(await world.new_card())
    ruled = Decision.model_validate({**decision.wire(), "grantId": signed.grant.grant_id})
    reply = await world.broker.redeem(token, world.device.sign(ruled, passkey=False))
    assert reply.status == 200, reply.text
    document: dict[str, Any] = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    return document


def under(receipt: dict[str, Any], signed: SignedGrant) -> dict[str, Any]:
    """The members that change when another rule is said to have decided; the decision has to be signed anew."""
    return {"grant": {**receipt["grant"], "signed": signed.wire()}}


async def test_a_rules_receipt_holds_the_rule_with_the_persons_passkey(world: World, tmp_path: Path) -> None:
    receipt = await paid_by_rule(world)
    verified = verify_receipt(receipt, *known(world))
    assert (verified.decided_by, [key.given for key in verified.keys]) == ("rule", [True, True, True])
    assert (receipt["passkey"], receipt["signed"]["passkey"]) == (None, None), "the payment itself has none"
    said = await Verifier(tmp_path)(receipt, *given(known(world)))
    assert said.returncode == 0, said.stderr
    words = " ".join(said.stdout.split())
    assert f"by rule {receipt['grantId']} for checkout-bot at {SHOP}: up to $50.00, 2 a day, until " in words
    assert f"signed with passkey {receipt['grant']['passkey']['id']}, user verified" in words
    assert "none for this payment: the rule has the person's" in words
    assert "approved by a click" not in words
    assert "No passkey signed" not in words


async def test_a_rules_receipt_without_the_rule_proves_nothing(world: World) -> None:
    receipt = await paid_by_rule(world)
    other = world.device.grant(world.agent_id, world.clock.now_ms())
    for change in ({"grant": None}, under(receipt, other)):
        with pytest.raises(ValueError, match="does not hold the standing rule that decided"):
            verify_receipt(by_ledgeros(world, receipt, **change), *known(world))
    with pytest.raises(ValueError, match="another standing rule"):
        verify_receipt(by_ledgeros(world, receipt, grantId=None), *known(world))
    person = decided(receipt, world.device, grantId=None, passkey=False)
    with pytest.raises(ValueError, match="does not hold the standing rule"):
        verify_receipt(by_ledgeros(world, receipt, **person), *known(world))


async def test_no_bound_of_a_rule_can_be_changed_after_it_was_signed(world: World) -> None:
    receipt = await paid_by_rule(world)
    wider: dict[str, Any] = {
        "maxAmount": 99_999, "countPerDay": 9, "endsAt": world.clock.now_ms() + 60 * DAY, "origin": "https://evil.example",
        "agentId": "agent_evil", "modes": ["direct", "surrogate"], "fromMinute": 1, "createdAt": 1,
    }  # fmt: skip
    for name, value in wider.items():
        forged = by_ledgeros(world, receipt, grant=altered(receipt["grant"], ("signed", "grant", name), value))
        with pytest.raises(ValueError, match="the browser's signature of the standing rule does not hold"):
            verify_receipt(forged, *known(world))
    for member, name in (("deviceSignature", "browser"), ("passkey", "passkey")):
        stranger = world.device.grant(world.agent_id, world.clock.now_ms()).wire()[member]
        forged = by_ledgeros(world, receipt, grant=altered(receipt["grant"], ("signed", member), stranger))
        with pytest.raises(ValueError, match=f"the {name}'s signature of the standing rule"):
            verify_receipt(forged, *known(world))


async def test_a_rule_that_ledgeros_signed_with_a_passkey_of_its_own_is_found_by_the_key_one_keeps(world: World) -> None:
    """It holds the browser's key here, and still not the person's passkey."""
    receipt, own = await paid_by_rule(world), Passkey()
    made_up = Device(signing=world.device.signing, passkey=own, id=world.device.id).grant(world.agent_id, world.clock.now_ms())
    forged = by_ledgeros(
        world, receipt, **decided(receipt, world.device, passkey=False, grantId=made_up.grant.grant_id),
        grant={
            "signed": made_up.wire(),
            "passkey": {**receipt["grant"]["passkey"], "credentialId": b64u(own.credential_id), "publicKey": b64u(own.public_key)},
        },
    )  # fmt: skip
    issuer, device, passkey = known(world)
    assert [key.given for key in verify_receipt(forged, issuer, device).keys] == [True, True, False]
    for pin in (passkey, unb64u(key_id(passkey))):
        with pytest.raises(ValueError, match="the passkey's key in the receipt is not the one you gave"):
            verify_receipt(forged, issuer, device, pin)


@pytest.mark.parametrize(
    ("why", "bounds", "payment"),
    [
        ("for another agent", {"agentId": "agent_other"}, {}),
        ("made in another browser", {"deviceId": "dev_other"}, {}),
        ("for another site", {"origin": "https://other.example"}, {}),
        ("amount is above", {"maxAmount": 4_999}, {}),
        ("way of paying", {"modes": ["surrogate"]}, {}),
        ("has ended", {"endsAt": 1_000, "createdAt": 0}, {}),
        ("at this hour", {"fromMinute": 0, "toMinute": 1}, {}),
        ("not what the browser sees", {}, {"mismatches": ["amount"]}),
        ("goes beyond what its token allows", {"maxAmount": 9_000}, {"maxAmount": 5_101}),
    ],
)
async def test_a_payment_outside_its_rule_does_not_verify(world: World, why: str, bounds: dict[str, Any], payment: dict[str, Any]) -> None:
    """With every signature right: a rule that the person did sign, for something else."""
    receipt = await paid_by_rule(world)
    narrow = world.device.grant(world.agent_id, world.clock.now_ms(), **bounds)
    forged = by_ledgeros(
        world, receipt, **decided(receipt, world.device, passkey=False, grantId=narrow.grant.grant_id, **payment), **under(receipt, narrow)
    )
    with pytest.raises(ValueError, match=why):
        verify_receipt(forged, *known(world))


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(hours=-2)])
async def test_a_payment_is_not_moved_into_the_hours_of_its_rule(world: World, later: timedelta) -> None:
    """When it was redeemed is LedgerOS's word. When it was decided, and until when that held, the browser signed."""
    receipt = await paid_by_rule(world)
    moved = by_ledgeros(world, receipt, redeemedAt=receipt["redeemedAt"] + later // timedelta(milliseconds=1))
    with pytest.raises(ValueError, match="another time than the decision"):
        verify_receipt(moved, *known(world))


async def test_a_rule_that_paid_with_a_second_token_verifies(world: World) -> None:
    """The first fill came to nothing: the receipt has the time of the last redeem, the rule was asked at the first."""
    signed = world.device.grant(world.agent_id, world.clock.now_ms())
    assert (await world.broker.post("grants", signed.wire())).status == 200
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id, grantId=signed.grant.grant_id)
    for outcome in ("no_form", "filled"):
        reply = await world.details(card_id, intentId=intent_id)
        token, event = reply.body["detailsToken"], reply.body["accessEventId"]
        assert (await world.broker.redeem(token, world.device.sign(decision, passkey=False))).status == 200
        report = {"releaseId": decision.release_id, "accessEventId": event, "intentId": intent_id, "outcome": outcome, "fields": []}
        assert (await world.broker.post("outcomes", report)).status == 200
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    assert verify_receipt(receipt, *known(world)).receipt.redeems == 2
