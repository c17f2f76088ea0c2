"""Regret: what a person does from the extension is signed, done once, and loosening needs the passkey."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device, broker_peer
from tests.api.issuer.serving import Reply


async def act(world: World, kind: str, subject: str, *, passkey: bool = False) -> Reply:
    signed = world.device.act(kind, subject, world.clock.now_ms(), passkey=passkey)
    return await world.broker.post("actions", signed.wire())


async def card_status(world: World) -> str:
    return str((await world.call("GET", f"/v1/cards/{world.card_id}")).body["status"])


async def agent_status(world: World) -> str:
    return str((await world.call("GET", f"/v1/agents/{world.agent_id}")).body["status"])


async def test_freezing_and_pausing_need_no_passkey_and_take_effect_at_once(world: World) -> None:
    token, decision = await world.approved()
    assert (await act(world, "freeze_card", world.card_id)).body == {}
    assert await card_status(world) == "frozen"
    assert (await world.broker.redeem(token, world.device.sign(decision))).body["code"] == "card_frozen"
    assert (await act(world, "pause_agent", world.agent_id)).status == 200
    assert await agent_status(world) == "suspended"
    assert {"person:card:frozen", "person:agent:changed"} <= set(world.issuer.names())


async def test_loosening_needs_the_passkey(world: World) -> None:
    await act(world, "freeze_card", world.card_id)
    await act(world, "pause_agent", world.agent_id)
    for kind, subject in (("unfreeze_card", world.card_id), ("resume_agent", world.agent_id)):
        assert (await act(world, kind, subject)).body["code"] == "passkey_required"
    assert (await card_status(world), await agent_status(world)) == ("frozen", "suspended")
    for kind, subject in (("unfreeze_card", world.card_id), ("resume_agent", world.agent_id)):
        assert (await act(world, kind, subject, passkey=True)).status == 200
    assert (await card_status(world), await agent_status(world)) == ("active", "active")


async def test_a_click_is_enough_to_loosen_where_the_organisation_says_so(world: World) -> None:
    await world.owner.set_approval("click")
    await act(world, "freeze_card", world.card_id)
    assert (await act(world, "unfreeze_card", world.card_id)).status == 200


async def test_an_action_is_done_once(world: World) -> None:
    signed = world.device.act("freeze_card", world.card_id, world.clock.now_ms())
    assert (await world.broker.post("actions", signed.wire())).status == 200
    await act(world, "unfreeze_card", world.card_id, passkey=True)
    again = await world.broker.post("actions", signed.wire())
    assert (again.status, again.body["code"]) == (409, "action_replayed")
    assert await card_status(world) == "active"


@pytest.mark.parametrize("seconds", [-121, 121])
async def test_an_action_kept_for_later_is_refused(world: World, seconds: int) -> None:
    signed = world.device.act("freeze_card", world.card_id, world.clock.now_ms() + seconds * 1000)
    assert (await world.broker.post("actions", signed.wire())).body["code"] == "clock_skew"


async def test_nobody_else_acts(world: World) -> None:
    now = world.clock.now_ms()
    signed = world.device.act("freeze_card", world.card_id, now)
    altered = signed.action.model_copy(update={"subject": world.agent_id})
    for forged, code in (
        (signed.model_copy(update={"action": altered}), "bad_signature"),
        (Device(id=world.device.id).act("freeze_card", world.card_id, now), "bad_signature"),
        (Device(id="dev_other").act("freeze_card", world.card_id, now), "device_not_enrolled"),
    ):
        assert (await world.broker.post("actions", forged.wire())).body["code"] == code
    assert (await act(world, "freeze_card", "card_other")).status == 404
    assert (await act(world, "pause_agent", "agent_other")).status == 404
    assert (await act(world, "revoke_grant", "grant_other")).status == 404
    async with broker_peer(world.issuer, "brk_second") as second:
        assert (await second.post("actions", signed.wire())).body["code"] == "broker_not_enrolled"
    assert await card_status(world) == "active"


async def test_a_stopped_release_authorises_nothing(world: World) -> None:
    card_id = await world.new_card()
    token, decision = await world.approved(card_id)
    redeemed = await world.broker.redeem(token, world.device.sign(decision))
    credentials = world.device.open(redeemed.body, decision)
    for _ in range(2):
        closed = await world.broker.post("windows/close", {"accessEventId": redeemed.body["accessEventId"]})
        assert (closed.status, closed.body) == (200, {})
    assert (await world.authorise(credentials)).body["declinedReason"] == "no_release"
    assert world.issuer.names().count("broker:window:closed") == 1


@pytest.mark.parametrize("outcome", ["stopped", "withdrawn"])
async def test_a_report_of_a_stop_or_withdrawal_closes_the_window_and_voids_the_token(world: World, outcome: str) -> None:
    card_id = await world.new_card()
    spent, unspent = await world.approved(card_id), await world.approved(card_id)
    redeemed = await world.broker.redeem(spent[0], world.device.sign(spent[1]))
    for _, decision in (spent, unspent):
        body: dict[str, Any] = {
            "releaseId": decision.release_id,
            "accessEventId": decision.access_event_id,
            "outcome": outcome,
            "fields": [],
        }
        assert (await world.broker.post("outcomes", body)).status == 200
    assert (await world.authorise(world.device.open(redeemed.body, spent[1]))).body["declinedReason"] == "no_release"
    assert (await world.broker.redeem(unspent[0], world.device.sign(unspent[1]))).body["code"] == "denied"


async def test_a_used_window_cannot_be_closed_and_another_brokers_neither(world: World) -> None:
    card_id = await world.new_card()
    token, decision = await world.approved(card_id)
    redeemed = await world.broker.redeem(token, world.device.sign(decision))
    body = {"accessEventId": redeemed.body["accessEventId"]}
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        assert (await second.post("windows/close", body)).status == 404
    assert (await world.authorise(world.device.open(redeemed.body, decision))).body["status"] == "pending"
    assert (await world.broker.post("windows/close", body)).body["code"] == "window_used"


async def test_a_window_is_closed_by_its_releases_name_too(world: World) -> None:
    """Who had no answer to a redeem on an intent does not know which token it was."""
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    named = {"releaseId": decision.release_id}
    assert (await world.broker.post("windows/close", named)).status == 404, "nothing was redeemed yet"
    redeemed = await world.broker.redeem(await world.token(card_id, intentId=intent_id), world.device.sign(decision))
    async with broker_peer(world.issuer, "brk_second") as second:
        await second.enrol(await world.owner.create_code("broker"))
        assert (await second.post("windows/close", named)).status == 404
    for _ in range(2):
        assert (await world.broker.post("windows/close", named)).status == 200
    assert (await world.authorise(world.device.open(redeemed.body, decision))).body["declinedReason"] == "no_release"
    assert world.issuer.names().count("broker:window:closed") == 1
    for neither in ({}, {**named, "accessEventId": redeemed.body["accessEventId"]}):
        assert (await world.broker.post("windows/close", neither)).status == 400


async def test_a_releases_name_means_the_window_of_its_last_token(world: World) -> None:
    card_id = await world.new_card()
    intent_id, decision = await world.approved_first(card_id)
    for outcome in ("page_changed", None):
        redeemed = await world.broker.redeem(await world.token(card_id, intentId=intent_id), world.device.sign(decision))
        assert redeemed.status == 200, redeemed.text
        if outcome is not None:
            event: dict[str, Any] = {"releaseId": decision.release_id, "accessEventId": redeemed.body["accessEventId"], "fields": []}
            await world.broker.post("outcomes", {**event, "outcome": outcome})
    assert (await world.broker.post("windows/close", {"releaseId": decision.release_id})).status == 200
    closed = [facts["accessEvent"] for name, facts in world.issuer.events() if name == "broker:window:closed"]
    assert closed[-1] == redeemed.body["accessEventId"]
