"""Standing rules: signed by a person, verified, evaluated and counted here, gone when they are revoked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from broker.cli.root import app
from broker.core.errors import LedgerError
from broker.issuer.grants.tables import actions, grant_days
from broker.issuer.sweep import sweep
from broker.protocol.decision import Decision
from broker.protocol.grants import Grant, SignedGrant
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device, Passkey, broker_peer
from tests.api.issuer.serving import EXTENSION_ORIGIN, SHOP, Reply

DAY = 86_400_000


async def make(world: World, **changes: Any) -> str:
    """A rule for the world's agent; its id."""
    signed = world.device.grant(world.agent_id, world.clock.now_ms(), **changes)
    reply = await world.broker.post("grants", signed.wire())
    assert reply.status == 200, reply.text
    return signed.grant.grant_id


async def pay(world: World, grant_id: str, details: dict[str, Any] | None = None, card_id: str | None = None, **changes: Any) -> Reply:
    """A release that the rule decided: no passkey, no person."""
    token, decision = await world.approved(card_id or await world.new_card(), **(details or {}))
    ruled = Decision.model_validate({**decision.wire(), "grantId": grant_id, **changes})
    return await world.broker.redeem(token, world.device.sign(ruled, passkey=False))


def refused(reply: Reply) -> str:
    """The bound that refused."""
    assert (reply.status, reply.body["code"]) == (403, "refused_by_rule"), reply.text
    return str(reply.body["error"]).removeprefix("Rule ").split(":")[0]


async def test_a_rule_pays_without_a_person_and_says_so(world: World) -> None:
    grant_id = await make(world)
    reply = await pay(world, grant_id)
    assert reply.status == 200, reply.text
    assert "grant:release:approved" in world.issuer.names()
    assert "person:release:approved" not in world.issuer.names()
    [state] = (await world.broker.get("grants")).body["grants"]
    assert (state["usedToday"], state["usedTotal"], state["lastUsedAt"]) == (1, 1, world.clock.now_ms())
    facts = world.device.facts(await world.introspected(await world.token()))
    assert [(state.grant.grant_id, state.used_today) for state in facts.grants] == [(grant_id, 1)]
    assert facts.linked_origins == (), "only a person links a merchant's words to an origin"


async def test_the_window_is_never_above_the_rule(world: World) -> None:
    reply = await pay(world, await make(world))
    assert reply.body["window"]["maxAmount"] == 5_000
    larger = await pay(world, await make(world, maxAmount=9_000))
    assert larger.body["window"]["maxAmount"] == 5_100


@pytest.mark.parametrize(
    ("rule", "bounds", "details", "decision"),
    [
        ("grant_amount", {"maxAmount": 4_999}, {}, {}),
        ("grant_origin", {"origin": "https://other.example"}, {}, {}),
        ("grant_mode", {"modes": ["surrogate"]}, {}, {}),
        ("grant_subscription", {}, {"reason": "subscription"}, {}),
        ("grant_hours", {"fromMinute": 0, "toMinute": 1}, {}, {}),
        ("grant_mismatch", {}, {}, {"mismatches": ["amount"]}),
        ("grant_mismatch", {"maxAmount": 9_000}, {}, {"maxAmount": 5_101}),
        ("grant_mismatch", {}, {"clientContext": {"origin": "https://other.example"}}, {"mismatches": ["origin"]}),
    ],
)
async def test_each_bound_is_evaluated_again_at_redeem(
    world: World, rule: str, bounds: dict[str, Any], details: dict[str, Any], decision: dict[str, Any]
) -> None:
    reply = await pay(world, await make(world, **bounds), details, **decision)
    assert refused(reply) == rule
    [state] = (await world.broker.get("grants")).body["grants"]
    assert state["usedTotal"] == 0


async def test_the_count_a_day_holds_even_in_a_race_and_starts_over_the_next_day(world: World) -> None:
    grant_id = await make(world, countPerDay=3)
    replies = await asyncio.gather(*(pay(world, grant_id) for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [200] * 3 + [403] * 3
    assert {refused(reply) for reply in replies if reply.status != 200} == {"grant_count"}
    world.clock.advance(seconds=86_400)
    assert (await pay(world, grant_id)).status == 200


async def test_a_rule_ends(world: World) -> None:
    grant_id = await make(world, endsAt=world.clock.now_ms() + 60_000)
    world.clock.advance(seconds=60)
    assert refused(await pay(world, grant_id)) == "grant_dates"


async def test_a_rule_is_for_its_own_agent_and_browser(world: World) -> None:
    other = Device()
    await other.enrol(world.broker, await world.owner.create_code("browser"))
    grant_id = await make(world)
    token = await world.token(await world.new_card())
    decision = other.decision(await world.introspected(token), world.clock.now_ms(), grantId=grant_id)
    assert refused(await world.broker.redeem(token, other.sign(decision, passkey=False))) == "grant_device"
    assert refused(await pay(world, "grant_none")) == "grant_unknown"


async def test_a_rule_and_a_passkey_together_are_no_decision(world: World) -> None:
    token, decision = await world.approved()
    both = Decision.model_validate({**decision.wire(), "grantId": await make(world)})
    assert (await world.broker.redeem(token, world.device.sign(both))).body["code"] == "decision_mismatch"


@pytest.mark.parametrize("way", ["dashboard", "action", "passkey", "device"])
async def test_a_revoked_rule_pays_nothing(world: World, way: str) -> None:
    grant_id = await make(world)
    if way == "dashboard":
        assert grant_id[-8:] in (await world.owner.get("/grants")).text
        await world.owner.post(f"/grants/{grant_id}/revoke", "/grants")
    elif way == "action":
        signed = world.device.act("revoke_grant", grant_id, world.clock.now_ms())
        assert (await world.broker.post("actions", signed.wire())).status == 200
    else:
        other = Device()
        await other.enrol(world.broker, await world.owner.create_code("browser"), passkey=False)
        page = (await world.owner.get("/brokers")).text
        await world.owner.post(f"/passkeys/{page.split('/passkeys/')[1].split('/revoke')[0]}/revoke", "/brokers")
    if way == "device":
        await world.owner.post(f"/devices/{world.device.id}/revoke", "/brokers")
        assert (await pay(world, grant_id)).body["code"] == "device_not_enrolled"
        return
    assert refused(await pay(world, grant_id)) == ("grant_unknown" if way == "passkey" else "grant_revoked")
    if way != "passkey":
        assert "person:grant:revoked" in world.issuer.names()
        facts = world.device.facts(await world.introspected(await world.token()))
        assert facts.grants == ()


async def test_the_operator_lists_and_revokes_rules_and_cannot_make_one(world: World) -> None:
    from broker.issuer import admin

    grant_id = await make(world)
    root = world.issuer.context.state.root
    [line] = await asyncio.to_thread(admin.list_grants, root)
    assert (line["id"], line["origin"]) == (grant_id, SHOP)
    await asyncio.to_thread(admin.revoke_grant, root, grant_id)
    assert refused(await pay(world, grant_id)) == "grant_revoked"
    assert "operator:grant:revoked" in world.issuer.names()


async def test_a_rule_needs_both_signatures_over_exactly_its_bounds(world: World) -> None:
    now = world.clock.now_ms()
    signed = world.device.grant(world.agent_id, now)
    wider = Grant.model_validate({**signed.grant.wire(), "maxAmount": 9_999})
    elsewhere = world.device.grant(world.agent_id, now)
    stranger = Passkey(EXTENSION_ORIGIN)
    forged: list[tuple[SignedGrant, str]] = [
        (signed.model_copy(update={"grant": wider}), "bad_signature"),
        (signed.model_copy(update={"device_signature": "AA"}), "bad_signature"),
        (signed.model_copy(update={"passkey": elsewhere.passkey}), "bad_passkey"),
        (signed.model_copy(update={"passkey": stranger.assertion(signed.grant.digest())}), "bad_passkey"),
        (Device(id=world.device.id, passkey=world.device.passkey).grant(world.agent_id, now), "bad_signature"),
        (Device(id="dev_other").grant(world.agent_id, now), "device_not_enrolled"),
    ]
    for grant, code in forged:
        assert (await world.broker.post("grants", grant.wire())).body.get("code") == code, code
    without = {**signed.wire(), "passkey": None}
    assert (await world.broker.post("grants", without)).status == 400
    assert (await world.broker.get("grants")).body["grants"] == []


async def test_bounds_that_make_no_sense_are_refused(world: World) -> None:
    now = world.clock.now_ms()
    wrong: list[dict[str, Any]] = [
        {"endsAt": now}, {"endsAt": now + 367 * DAY}, {"createdAt": now - 121_000}, {"origin": "https://shop.example:443"},
        {"maxAmount": 0}, {"currency": "EUR"}, {"fromMinute": 5, "toMinute": 5}, {"modes": []},
    ]  # fmt: skip
    for changes in wrong:
        reply = await world.broker.post("grants", world.device.grant(world.agent_id, now, **changes).wire())
        assert reply.status in (400, 422), (changes, reply.text)
    for changes in ({"agentName": "another"}, {"agentId": "agent_other"}):
        grant = world.device.grant(world.agent_id, now, **changes) if "agentName" in changes else world.device.grant("agent_other", now)
        assert (await world.broker.post("grants", grant.wire())).body["code"] == "agent_mismatch"


async def test_a_rule_is_made_once_and_only_for_its_own_organisation(world: World) -> None:
    signed = world.device.grant(world.agent_id, world.clock.now_ms())
    assert (await world.broker.post("grants", signed.wire())).status == 200
    assert (await world.broker.post("grants", signed.wire())).body["code"] in ("grant_known", "bad_passkey")
    async with broker_peer(world.issuer, "brk_second") as second:
        assert (await second.post("grants", signed.wire())).body["code"] == "broker_not_enrolled"
        assert (await second.get("grants")).body["grants"] == []


async def test_counts_and_nonces_are_forgotten_when_they_guard_nothing_any_more(world: World) -> None:
    grant_id = await make(world, countPerDay=1, endsAt=world.clock.now_ms() + 90 * 86_400_000)
    assert (await pay(world, grant_id)).status == 200
    signed = world.device.act("freeze_card", world.card_id, world.clock.now_ms())
    assert (await world.broker.post("actions", signed.wire())).status == 200

    async def left() -> list[int]:
        database = world.issuer.context.db
        await database.write(lambda tx: sweep(tx, world.clock.now_ms(), world.issuer.context.settings))
        counts = [select(func.count()).select_from(table) for table in (grant_days, actions)]
        return await database.read(lambda c: [c.execute(count).scalar_one() for count in counts])

    assert await left() == [1, 1]
    assert refused(await pay(world, grant_id)) == "grant_count", "the day's count is still there"
    world.clock.advance(seconds=4 * 86_400)
    assert await left() == [0, 1]
    assert (await pay(world, grant_id)).status == 200
    world.clock.advance(seconds=30 * 86_400)
    assert (await left())[1] == 0
    assert (await world.broker.post("actions", signed.wire())).body["code"] == "clock_skew", "and it is not done again"


async def test_the_command_line_lists_and_revokes_rules(world: World) -> None:
    grant_id = await make(world)

    def ledgeros(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--state", str(world.issuer.context.state.folder.parent), "grants", *arguments])

    (row,) = json.loads((await asyncio.to_thread(ledgeros, "list", "--json")).stdout)
    assert (row["id"], row["status"], row["origin"], row["agentName"]) == (grant_id, "active", SHOP, "checkout-bot")
    table = (await asyncio.to_thread(ledgeros, "list")).stdout
    assert "active" in table
    assert (await asyncio.to_thread(ledgeros, "revoke", grant_id)).exit_code == 0
    assert refused(await pay(world, grant_id)) == "grant_revoked"
    (row,) = json.loads((await asyncio.to_thread(ledgeros, "list", "--json")).stdout)
    assert row["status"] == "revoked"
    again = await asyncio.to_thread(ledgeros, "revoke", grant_id)
    assert isinstance(again.exception, LedgerError)
    assert "no such active rule" in again.exception.message
