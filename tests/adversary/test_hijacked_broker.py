"""A hijacked broker: it holds the token and carries every message, sends what it likes, and still gets nothing it could use."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.core.canonical import b64u, unb64u
from broker.issuer.redeem.offline import verify_receipt
from broker.protocol.channel import Deliver, Offer
from broker.protocol.decision import Decision, SignedDecision
from broker.protocol.facts import sign_facts, verify_facts
from broker.protocol.sealing import key_id, unseal
from tests.adversary.spies import altered, count, finds, leaves, refused, windows
from tests.api.broker.test_with_ledgeros import Chain
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device, Passkey, broker_peer

# What it carries and may alter ----------------------------------------------------------------


def other(path: tuple[Any, ...], value: Any) -> Any:
    """A value of the same form that is not `value`."""
    name = path[-1]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return {"mismatches": ["amount"], "frameOrigins": ["https://evil.example"]}[name]
    if name == "origin":
        return "https://evil.example"
    if name == "currency":
        return "EUR"
    if name == "mode":
        return "surrogate"
    if value is None:
        return {"intentId": "int_evil", "grantId": "grant_evil", "tokenHash": "AAAA", "accessEventId": "evt_evil"}.get(name, "evil")
    if name in ("tokenHash", "factsHash", "recipientKeyId", "nonce"):
        return ("A" if value[0] != "A" else "B") + value[1:]
    return value + "1"


async def test_no_member_of_a_decision_can_be_altered(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision).wire()
    tried = list(leaves(signed["decision"]))
    assert len(tried) >= 30
    for path, value in tried:
        forged = {**signed, "decision": altered(signed["decision"], path, other(path, value))}
        reply = await refused(world, token, forged)
        assert reply.body["code"] in ("bad_signature", "device_not_enrolled", "invalid_request"), path
    for path, value in tried:
        forged = {**signed, "decision": {key: kept for key, kept in signed["decision"].items() if key != path[0]}}
        if value is not None and len(path) == 1:
            assert (await refused(world, token, forged)).status in (400, 403), path
    assert (await world.broker.post("redeem", {"token": token, "signed": signed})).status == 200, "unaltered it holds"


async def test_an_old_receipt_does_not_open_a_new_token(world: World) -> None:
    card = await world.new_card()
    token, decision = await world.approved(card)
    signed = world.device.sign(decision)
    assert (await world.broker.redeem(token, signed)).status == 200
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    fresh = await world.token(card)
    await world.introspected(fresh)
    for old in (signed.wire(), receipt["signed"]):
        assert (await refused(world, fresh, old)).body["code"] == "decision_mismatch"
        assert (await refused(world, token, old)).status == 410


async def test_a_decision_of_another_release_is_refused(world: World) -> None:
    card = await world.new_card()
    first, decision = await world.approved(card)
    second, _ = await world.approved(card)
    assert (await refused(world, second, world.device.sign(decision))).body["code"] == "decision_mismatch"
    assert (await world.broker.redeem(first, world.device.sign(decision))).status == 200


async def test_facts_of_another_card_cannot_be_put_under_a_decision(world: World) -> None:
    cheap, dear = await world.new_card(), await world.new_card()
    shown = await world.introspected(await world.token(cheap))
    token = await world.token(dear)
    right = world.device.decision(await world.introspected(token), world.clock.now_ms())
    on_others = world.device.decision(shown, world.clock.now_ms())
    mixed = Decision.model_validate({**right.wire(), "factsHash": on_others.facts_hash})
    assert (await refused(world, token, world.device.sign(mixed))).body["code"] == "facts_unknown"
    assert (await refused(world, token, world.device.sign(on_others))).body["code"] == "decision_mismatch"
    assert (await world.broker.redeem(token, world.device.sign(right))).status == 200


async def test_facts_another_broker_was_told_do_not_count_as_this_ones(world: World) -> None:
    token, decision = await world.approved()
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        mine = Decision.model_validate({**decision.wire(), "brokerId": "brk_second"})
        assert (await refused(world, token, world.device.sign(mine), by=second)).body["code"] == "wrong_broker"
    await world.issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE introspections SET broker_id = 'brk_second'"))
    assert (await refused(world, token, world.device.sign(decision))).body["code"] == "facts_unknown"


async def test_forged_facts_are_not_believed(world: World) -> None:
    jws = await world.introspected(await world.token())
    facts = world.device.facts(jws)
    header, payload, signature = jws.split(".")
    own = sign_facts(facts.model_copy(update={"last4": "0000"}), Device().signing)
    other_payload = sign_facts(facts.model_copy(update={"expected_amount": 1}), Device().signing).split(".")[1]
    for forged in (
        own,
        f"{header}.{other_payload}.{signature}",
        f"e30.{payload}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        "",
    ):
        with pytest.raises(ValueError, match="not an introspection"):
            verify_facts(forged, _public(world))
    assert verify_facts(jws, _public(world)) == facts


def _public(world: World) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(world.device.issuer_key)


# Its own keys ---------------------------------------------------------------------------------


async def test_credentials_are_not_sealed_to_a_key_of_its_own(world: World) -> None:
    token, decision = await world.approved()
    own = X25519PrivateKey.generate()
    pointed = Decision.model_validate({**decision.wire(), "recipientKeyId": key_id(own.public_key().public_bytes_raw())})
    assert (await refused(world, token, world.device.sign(pointed))).body["code"] == "decision_mismatch"


async def test_a_browser_of_its_own_is_not_enrolled(world: World) -> None:
    token, decision = await world.approved()
    own = Device(id="dev_own")
    for named in (world.device.id, own.id):
        forged = own.sign(Decision.model_validate({**decision.wire(), "deviceId": named}))
        assert (await refused(world, token, forged)).body["code"] in ("bad_signature", "device_not_enrolled")


async def test_an_enrolment_cannot_be_bent_to_its_own_keys(world: World) -> None:
    code = await world.owner.create_code("browser")
    honest, own = Device(), Device()
    request = honest.request(code, passkey=True).wire()
    theirs = own.request("0000-0000-0000-0000", passkey=True).wire()
    for member in ("signingKey", "sealingKey", "passkey", "extensionOrigin", "nonce"):
        value = "chrome-extension://" + "p" * 32 if member == "extensionOrigin" else theirs[member]
        reply = await world.broker.post("enrolments/device", {**request, member: value})
        assert reply.status in (403, 422), member
        if count(world, "alarm:enrolment-code:failed") == 4:  # five tries end a code
            break
    assert (await world.broker.post("enrolments/device", request)).status == 200
    assert (await world.broker.post("enrolments/device", request)).status == 403, "a code enrols once"


async def test_a_broker_enrols_nothing_without_a_persons_code(world: World) -> None:
    own = Device()
    request = own.request("ABCD-EFGH-JKMN-PQRS", passkey=False).wire()
    assert (await world.broker.post("enrolments/device", request)).status == 403
    backend = await world.call("POST", "/v1/devices", request)
    assert backend.status in (404, 405)


# The passkey ----------------------------------------------------------------------------------


async def test_a_dropped_passkey_is_missed(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    dropped = signed.model_copy(update={"passkey": None})
    assert (await refused(world, token, dropped)).body["code"] == "passkey_required"
    assert (await world.broker.redeem(token, signed)).status == 200


async def test_every_fault_of_a_passkeys_assertion_is_found(world: World) -> None:
    token, decision = await world.approved()
    signed, enrolled = world.device.sign(decision), world.device.passkey
    second = Device()
    await second.enrol(world.broker, await world.owner.create_code("browser"))
    faults: dict[str, SignedDecision] = {}

    def with_passkey(passkey: Passkey) -> SignedDecision:
        return signed.model_copy(update={"passkey": passkey.assertion(decision.digest())})

    faults["of another device"] = with_passkey(second.passkey)
    faults["never enrolled"] = with_passkey(Passkey())
    faults["never enrolled, under the enrolled name"] = with_passkey(Passkey(credential_id=enrolled.credential_id))
    twin: dict[str, Any] = {"key": enrolled.key, "credential_id": enrolled.credential_id, "count": 50}
    faults["of a web page"] = with_passkey(Passkey(**twin, origin="https://evil.example"))
    faults["of another extension"] = with_passkey(Passkey(**twin, origin="chrome-extension://" + "p" * 32))
    faults["without user verification"] = with_passkey(Passkey(**twin, verifies_user=False))
    faults["with a counter that goes back"] = with_passkey(Passkey(**{**twin, "count": 0}))
    elsewhere = Decision.model_validate({**decision.wire(), "maxAmount": 1}).digest()
    faults["over another decision"] = signed.model_copy(update={"passkey": Passkey(**twin).assertion(elsewhere)})
    registration = Passkey(**twin)._client_data("webauthn.create", decision.digest())
    faults["made for a registration"] = signed.model_copy(
        update={"passkey": Passkey(**twin).assertion(decision.digest()).model_copy(update={"client_data_json": b64u(registration)})}
    )
    for fault, forged in faults.items():
        reply = await refused(world, token, forged)
        assert reply.body["code"] == "bad_passkey", fault
    assert (await world.broker.redeem(token, signed)).status == 200


async def test_an_assertion_cannot_be_used_twice(world: World) -> None:
    card = await world.new_card()
    token, decision = await world.approved(card)
    signed = world.device.sign(decision)
    assert (await world.broker.redeem(token, signed)).status == 200
    again, fresh = await world.approved(card)
    reused = world.device.sign(fresh, passkey=False).model_copy(update={"passkey": signed.passkey})
    assert (await refused(world, again, reused)).body["code"] == "bad_passkey"


# More than was approved -----------------------------------------------------------------------


async def test_more_money_or_another_mode_than_the_person_agreed_to_is_refused(world: World) -> None:
    await world.owner.set_approval("click")
    token, decision = await world.approved(await world.new_card())
    for change, code in (
        ({"maxAmount": 5_101}, "passkey_required"),
        ({"maxAmount": 60_000}, "above_limit"),
        ({"mode": "surrogate"}, "egress_not_enrolled"),
        ({"currency": "EUR"}, "decision_mismatch"),
    ):
        click = world.device.sign(Decision.model_validate({**decision.wire(), **change}), passkey=False)
        assert (await refused(world, token, click)).body["code"] == code, change
    assert (await world.broker.redeem(token, world.device.sign(decision, passkey=False))).status == 200


# What it sees ---------------------------------------------------------------------------------


async def test_all_that_passes_through_it_is_ciphertext(world: World) -> None:
    token = await world.token()
    jws = await world.introspected(token)
    decision = world.device.decision(jws, world.clock.now_ms())
    signed = world.device.sign(decision)
    reply = await world.broker.redeem(token, signed)
    held = [token, jws, unb64u(jws.split(".")[1]).decode(), signed.wire(), reply.body]
    card = world.device.open(reply.body, decision)
    for number in (card.pan.reveal(), f"{card.pan.reveal()[:4]} {card.pan.reveal()[4:8]}"):
        assert not any(finds(number, thing) for thing in held)
    # The spy sees a number, as it is and in base64, where there is one.
    assert finds(card.pan.reveal(), {"pan": card.pan.reveal()})
    assert finds(card.pan.reveal(), [b64u(f"x{card.pan.reveal()}".encode())])


async def test_sealed_credentials_open_for_that_key_that_decision_and_that_card_only(world: World) -> None:
    from broker.protocol.sealing import Sealed

    token, decision = await world.approved()
    reply = await world.broker.redeem(token, world.device.sign(decision))
    sealed = Sealed.model_validate(reply.body["sealed"])
    digest, card = decision.digest(), decision.card_id
    for key, under, about in (
        (X25519PrivateKey.generate(), digest, card),
        (world.device.sealing, bytes(32), card),
        (world.device.sealing, digest, "card_other"),
    ):
        with pytest.raises(InvalidTag):
            unseal(sealed, key, under, about)
    assert unseal(sealed, world.device.sealing, digest, card).pan.last4 == decision.last4


async def test_token_and_broker_together_are_not_enough_without_the_person(world: World) -> None:
    token = await world.token()
    jws = await world.introspected(token)
    stranger = Device(id=world.device.id, issuer_key=world.device.issuer_key)
    decision = world.device.decision(jws, world.clock.now_ms())
    attempts: list[Any] = [
        stranger.sign(decision),
        stranger.sign(decision, passkey=False),
        {**world.device.sign(decision).wire(), "deviceSignature": "A" * 86},
        {"decision": decision.wire(), "deviceSignature": "", "passkey": None},
        {"decision": decision.wire()},
        {},
    ]
    for attempt in attempts:
        await refused(world, token, attempt)
    assert windows(world) == 0
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200


async def test_a_decision_altered_between_browser_and_ledgeros_delivers_nothing(chain: Chain) -> None:
    """The real broker refuses it before LedgerOS has to."""
    from broker.protocol.channel import Approve

    waiting = await chain.ask()
    offer = await chain.browser.expect(Offer)
    decision = chain.world.device.decision(
        offer.facts, chain.world.clock.now_ms(), releaseId=offer.release_id, claimed=offer.claimed.wire()
    )
    signed = chain.world.device.sign(decision)
    dearer = signed.model_copy(update={"decision": Decision.model_validate({**decision.wire(), "maxAmount": 5_050})})
    await chain.browser.send(Approve(release_id=offer.release_id, signed=dearer))
    release = await asyncio.wait_for(waiting, 10)
    assert release.outcome not in ("filled", "submitted")
    assert not [message for message in chain.browser.received if isinstance(message, Deliver)]
    assert "broker:token:redeemed" not in chain.world.issuer.names()


async def test_one_approval_on_an_intent_never_opens_two_windows(world: World) -> None:
    """Approval first lets the same decision spend a second token, after an outcome that the broker itself reports."""
    card = await world.new_card()
    intent, decision = await world.approved_first(card)
    signed = world.device.sign(decision)

    async def redeem() -> Any:
        token = await world.token(card, intentId=intent)
        return token, await world.broker.redeem(token, signed)

    _, reply = await redeem()
    assert reply.status == 200, reply.text
    number = world.device.open(reply.body, decision)
    second, again = await redeem()
    assert (again.status, again.body["code"]) == (403, "decision_replayed"), "what was released may be in use"
    lie = {"releaseId": decision.release_id, "accessEventId": reply.body["accessEventId"], "outcome": "page_changed", "fields": []}
    assert (await world.broker.post("outcomes", lie)).status == 200
    assert (await world.broker.redeem(second, signed)).status == 200
    charges = [(await world.authorise(number)).body["declinedReason"] for _ in range(2)]
    assert charges == [None, "no_release"], "two windows were opened, and one of them only is good"
    third = await world.details(card, intentId=intent)
    assert (third.status, third.body["code"]) == (403, "intent_done"), "a paid intent has no further token"
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    assert verify_receipt(receipt, world.device.issuer_key).receipt.redeems == 2, "and both are on the receipt"
