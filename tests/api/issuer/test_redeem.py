"""Spending a token: once, by its broker, in its time, under a decision that is about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from broker.core.canonical import b64u, unb64u
from broker.protocol.decision import Decision
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device, broker_peer
from tests.api.issuer.serving import SHOP


async def test_a_release_delivers_sealed_credentials_and_one_window(world: World) -> None:
    token, decision = await world.approved()
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert reply.status == 200, reply.text
    credentials = world.device.open(reply.body, decision)
    assert credentials.pan.last4 == decision.last4
    assert credentials.cardholder_name == "John Doe"
    assert credentials.pan.reveal() not in reply.text
    window = reply.body["window"]
    assert window["id"].startswith("win_")
    assert (window["maxAmount"], window["currency"]) == (5100, "USD")
    assert window["expiresAt"] == world.clock.now_ms() + 15 * 60_000
    event = (await world.call("GET", f"/v1/access-events/{reply.body['accessEventId']}")).body
    assert (event["status"], event["consumedAt"]) == ("consumed", world.clock.now_ms())
    assert world.issuer.names()[-2:] == ["person:release:approved", "broker:token:redeemed"]


ADDRESS = {"line1": "1 Analytical Row", "line2": None, "city": "Sacramento", "state": "CA", "postalCode": "95814", "country": "US"}


async def test_a_card_carries_its_users_address_as_long_as_ledgeros_holds_one(world: World) -> None:
    path = f"/v1/users/{world.user_id}/billing-address"
    for put in ({**ADDRESS, "city": "Elsewhere"}, ADDRESS):
        assert (await world.call("PUT", path, put)).body == put
    credentials = await world.release()
    assert credentials.billing is not None
    assert credentials.billing.wire() == ADDRESS
    assert "Analytical" not in str(world.issuer.events())
    assert (await world.call("DELETE", path)).status == 200
    assert (await world.release()).billing is None
    assert [name for name in world.issuer.names() if ":user:address-" in name] == [
        "backend:user:address-set", "backend:user:address-set", "backend:user:address-removed",
    ]  # fmt: skip


async def test_only_a_whole_address_is_kept_and_only_a_back_end_sets_it(world: World) -> None:
    path = f"/v1/users/{world.user_id}/billing-address"
    for wrong in ({"country": "USA"}, {"note": "z"}, {"line1": "<b></b>"}, {"city": None}):
        assert (await world.call("PUT", path, {**ADDRESS, **wrong})).status == 400, wrong
    assert (await world.call("PUT", path, ADDRESS, key=world.agent_token)).status == 403
    assert (await world.call("PUT", "/v1/users/user_unknown/billing-address", ADDRESS)).status == 404
    assert (await world.release()).billing is None


async def test_introspection_tells_what_a_person_needs_and_consumes_nothing(world: World) -> None:
    token = await world.token(clientContext={"origin": SHOP})
    facts = [world.device.facts(await world.introspected(token)) for _ in range(2)][1]
    assert (facts.agent_name, facts.user_name, facts.organisation_name) == ("checkout-bot", "John Doe", "Harness")
    assert (facts.expected_amount, facts.expected_currency, facts.merchant_text, facts.origin) == (5000, "USD", "Amazon", SHOP)
    assert (facts.remaining, facts.max_amount, facts.card_type, facts.card_brand) == (10_000, 10_000, "single", "Visa")
    assert (facts.approval, facts.step_up_above, facts.amount_tolerance_basis_points) == ("step-up", 10_000, 200)
    assert facts.linked_origins == ()
    assert (await world.access_event(token))["status"] == "granted"


async def test_the_agents_limit_counts_into_what_remains(world: World) -> None:
    await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"spendingLimit": 6_000})
    facts = world.device.facts(await world.introspected(await world.token()))
    assert facts.remaining == 6_000


async def test_a_token_redeems_once(world: World) -> None:
    token, decision = await world.approved(await world.new_card())
    signed = world.device.sign(decision)
    assert (await world.broker.redeem(token, signed)).status == 200
    again = await world.broker.redeem(token, signed)
    assert (again.status, again.body["code"]) == (410, "already_used")
    name, facts = world.issuer.events()[-1]
    assert name == "alarm:token:replayed"
    assert (facts["firstBroker"], facts["broker"]) == (world.broker.id, world.broker.id)
    assert (await world.broker.introspect(token)).body["reason"] == "used"


async def test_a_replay_by_another_broker_names_both(world: World) -> None:
    async with broker_peer(world.issuer, "brk_second") as second:
        token, decision = await world.approved()
        assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200
        await second.enrol(await world.owner.create_code("broker"))
        assert (await second.redeem(token, world.device.sign(decision))).status == 410
        name, facts = world.issuer.events()[-1]
        assert (name, facts["firstBroker"], facts["broker"]) == ("alarm:token:replayed", world.broker.id, "brk_second")


async def test_two_redeems_that_race_deliver_once(world: World) -> None:
    token, decision = await world.approved()
    signed = [world.device.sign(decision) for _ in range(6)]
    replies = await asyncio.gather(*(world.broker.redeem(token, one) for one in signed))
    assert sorted(reply.status for reply in replies) == [200] + [410] * 5
    assert world.issuer.names().count("broker:token:redeemed") == 1
    assert world.issuer.names().count("alarm:token:replayed") == 5


async def test_an_expired_token_buys_nothing(world: World) -> None:
    token, decision = await world.approved()
    world.clock.advance(seconds=120)
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert (reply.status, reply.body["code"]) == (410, "expired")
    assert (await world.broker.introspect(token)).body["reason"] == "expired"
    assert world.issuer.names()[-2:] == ["broker:token:refused"] * 2


async def test_an_unknown_token_is_unknown(world: World) -> None:
    _, decision = await world.approved()
    unknown = "tok_" + "A" * 43
    assert (await world.broker.introspect(unknown)).body == {
        "active": False, "reason": "unknown", "message": "LedgerOS does not know this token.", "facts": None,
    }  # fmt: skip
    reply = await world.broker.redeem(unknown, world.device.sign(decision))
    assert (reply.status, reply.body["code"]) == (404, "invalid_token")


async def test_a_stolen_token_is_worthless_to_another_broker(world: World) -> None:
    token, decision = await world.approved()
    async with broker_peer(world.issuer, "brk_thief") as thief:
        signed = world.device.sign(decision)
        assert (await thief.redeem(token, signed)).body["code"] == "broker_not_enrolled"
        await thief.enrol(await world.owner.create_code("broker"))
        assert (await thief.introspect(token)).body["reason"] == "wrong_broker"
        stolen = await thief.redeem(token, signed)
        assert (stolen.status, stolen.body["code"]) == (403, "wrong_broker")
        name, facts = world.issuer.events()[-1]
        assert (name, facts["boundBroker"], facts["broker"]) == ("alarm:token:stolen", world.broker.id, "brk_thief")
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200


async def test_with_two_brokers_the_first_that_introspects_binds_the_token(world: World) -> None:
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        token = await world.token()
        assert (await world.access_event(token))["bound_broker"] is None
        assert (await second.introspect(token)).body["active"] is True
        assert (await world.broker.introspect(token)).body["reason"] == "wrong_broker"
        named = await world.token(clientContext={"brokerId": world.broker.id})
        assert (await second.introspect(named)).body["reason"] == "wrong_broker"


async def test_a_broker_whose_certificate_was_rotated_keeps_its_tokens(world: World) -> None:
    token, decision = await world.approved()
    from broker.pki.profile import Roles

    world.issuer.pki.rotate(Roles.BROKER_CLIENT, world.broker.id)
    async with broker_peer(world.issuer) as renewed:
        assert (await renewed.redeem(token, world.device.sign(decision))).status == 200


Change = Callable[[World, Decision], dict[str, Any]]

WRONG: dict[str, tuple[Change, str]] = {
    "another token": (lambda w, d: {"tokenHash": b64u(b"x" * 32)}, "decision_mismatch"),
    "no token": (lambda w, d: {"tokenHash": None}, "decision_mismatch"),
    "another access event": (lambda w, d: {"accessEventId": "evt_other"}, "decision_mismatch"),
    "another card": (lambda w, d: {"cardId": "card_other"}, "decision_mismatch"),
    "another last four": (lambda w, d: {"last4": "0000"}, "decision_mismatch"),
    "another agent": (lambda w, d: {"agentId": "agent_other"}, "decision_mismatch"),
    "another broker": (lambda w, d: {"brokerId": "brk_other"}, "decision_mismatch"),
    "another key": (lambda w, d: {"recipientKeyId": b64u(b"k" * 16)}, "decision_mismatch"),
    "another currency": (lambda w, d: {"currency": "EUR"}, "decision_mismatch"),
    "another claimed currency": (lambda w, d: {"claimed": {**d.claimed.wire(), "currency": "EUR"}}, "decision_mismatch"),
    "another claimed amount": (lambda w, d: {"claimed": {**d.claimed.wire(), "amount": 1}}, "decision_mismatch"),
    "other facts": (lambda w, d: {"factsHash": b64u(b"f" * 32)}, "facts_unknown"),
    "unreadable facts": (lambda w, d: {"factsHash": "A"}, "facts_unknown"),
    "another mode": (lambda w, d: {"mode": "surrogate"}, "egress_not_enrolled"),
    "a clock minutes ahead": (
        lambda w, d: {"decidedAt": w.clock.now_ms() + 121_000, "expiresAt": w.clock.now_ms() + 130_000},
        "clock_skew",
    ),
    "a clock minutes behind": (lambda w, d: {"decidedAt": w.clock.now_ms() - 241_000}, "clock_skew"),
    "its own end passed": (
        lambda w, d: {"decidedAt": w.clock.now_ms() - 200_000, "expiresAt": w.clock.now_ms() - 121_000},
        "decision_expired",
    ),
    "an endless life": (lambda w, d: {"expiresAt": d.expires_at + 121_000}, "decision_too_long"),
    "an unshown amount mismatch": (lambda w, d: {"seen": {**d.seen.wire(), "pageAmount": 5101}}, "decision_incomplete"),
    "an unshown origin mismatch": (
        lambda w, d: {"claimed": {**d.claimed.wire(), "origin": "https://other.example"}},
        "decision_incomplete",
    ),
    "more than is left": (lambda w, d: {"maxAmount": 10_001}, "above_limit"),
}


async def test_a_signed_decision_about_something_else_is_refused_and_consumes_nothing(world: World) -> None:
    for fault, (change, code) in WRONG.items():
        token = await world.token(await world.new_card(maxAmount=10_000))
        decision = world.device.decision(await world.introspected(token), world.clock.now_ms())
        altered = Decision.model_validate({**decision.wire(), **change(world, decision)})
        reply = await world.broker.redeem(token, world.device.sign(altered))
        assert (reply.status, reply.body.get("code")) == (403, code), (fault, reply.text)
        assert world.issuer.events()[-1][1]["reason"] == code, fault
        assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200, fault


@pytest.mark.parametrize("skew", [-110, 110])
async def test_a_clock_a_little_off_is_allowed_for(world: World, skew: int) -> None:
    token, decision = await world.approved()
    dated = Decision.model_validate({**decision.wire(), "decidedAt": decision.decided_at + skew * 1000, "expiresAt": decision.expires_at})
    assert (await world.broker.redeem(token, world.device.sign(dated))).status == 200


async def test_a_hijacked_broker_cannot_alter_or_sign_a_decision(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    altered = Decision.model_validate({**decision.wire(), "maxAmount": 4_000})
    for forged in (
        signed.model_copy(update={"decision": altered}),
        Device(id=world.device.id).sign(decision),
        signed.model_copy(update={"device_signature": "A"}),
    ):
        reply = await world.broker.redeem(token, forged)
        assert (reply.status, reply.body["code"]) == (403, "bad_signature")


async def test_a_brokers_own_browser_is_not_enrolled(world: World) -> None:
    token, decision = await world.approved()
    own = Device(id="dev_own", issuer_key=world.device.issuer_key)
    forged = Decision.model_validate({**decision.wire(), "deviceId": "dev_own"})
    assert (await world.broker.redeem(token, own.sign(forged))).body["code"] == "device_not_enrolled"


async def test_a_decision_serves_one_token_only(world: World) -> None:
    card_id = await world.new_card()
    token, decision = await world.approved(card_id)
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200
    second = await world.token(card_id)
    fresh = world.device.decision(await world.introspected(second), world.clock.now_ms())
    for reused in ({"nonce": decision.nonce}, {"releaseId": decision.release_id}):
        again = Decision.model_validate({**fresh.wire(), **reused})
        assert (await world.broker.redeem(second, world.device.sign(again))).body["code"] == "decision_replayed"
    assert (await world.broker.redeem(second, world.device.sign(decision))).body["code"] == "decision_mismatch"


@pytest.mark.parametrize("state", ["frozen", "suspended"])
async def test_what_was_blocked_after_the_approval_is_not_released(world: World, state: str) -> None:
    token, decision = await world.approved()
    if state == "frozen":
        await world.call("POST", f"/v1/cards/{world.card_id}/freeze")
    else:
        await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"status": "suspended"})
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert reply.status == 403
    assert "frozen" in reply.text or "suspended" in reply.text
    assert (await world.broker.introspect(token)).body["reason"] == "blocked"


async def test_a_denied_release_takes_its_token_along(world: World) -> None:
    token, decision = await world.approved()
    fields: list[str] = []
    report = {"releaseId": decision.release_id, "accessEventId": decision.access_event_id, "outcome": "denied", "fields": fields}
    assert (await world.broker.post("outcomes", report)).body == {}
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert (reply.status, reply.body["code"]) == (403, "denied")
    assert "broker:release:reported" in world.issuer.names()
    assert "broker:release:denied" in world.issuer.names(), "nobody signed it: it is the broker's word"


async def test_an_outcome_is_kept_once_and_only_for_its_broker(world: World) -> None:
    token, decision = await world.approved()
    await world.broker.redeem(token, world.device.sign(decision))
    report = {"releaseId": decision.release_id, "accessEventId": decision.access_event_id, "outcome": "filled", "fields": ["number"]}
    for _ in range(2):
        assert (await world.broker.post("outcomes", report)).status == 200
    assert world.issuer.names().count("broker:release:reported") == 1
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        assert (await second.post("outcomes", report)).status == 404


async def test_nothing_is_sealed_when_the_commit_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token, decision = await world.approved()
    from broker.issuer.redeem import burning, services

    def broken(*_: object) -> None:
        raise OSError("disk full")

    sealed: list[object] = []
    monkeypatch.setattr(services, "seal_plaintext", lambda *args: sealed.append(args))
    monkeypatch.setattr(burning, "record_flat", broken)
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 500
    assert sealed == []
    assert (await world.access_event(token))["status"] == "granted", "no event, no release"


async def test_a_receipt_verifies_offline(world: World) -> None:
    from broker.issuer.redeem.offline import verify_receipt

    token, decision = await world.approved()
    await world.broker.redeem(token, world.device.sign(decision))
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    keys = (world.device.issuer_key, world.device.signing.public_key().public_bytes_raw())
    assert verify_receipt(receipt, *keys).decision == decision
    assert unb64u(receipt["digest"]) == decision.digest()
    receipt["signed"]["decision"]["maxAmount"] = 1
    with pytest.raises(ValueError, match="signature"):
        verify_receipt(receipt, *keys)
    assert (await world.call("GET", "/v1/releases/rel_none/receipt")).status == 404
