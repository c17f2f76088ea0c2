"""A misused token is told to the people of its organisation through their brokers, for a day."""

from __future__ import annotations

from tests.api.issuer.harness import World
from tests.api.issuer.owner import dashboard
from tests.api.issuer.parties import broker_peer


async def test_health_carries_the_newest_token_alarm_of_the_organisation(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    assert (await world.broker.health()).body["alarm"] is None
    async with broker_peer(world.issuer, "brk_thief") as thief:
        assert (await thief.enrol(await world.owner.create_code("broker"))).status == 200
        await thief.introspect(token)
        stolen = (await world.broker.health()).body["alarm"]
        assert (await world.broker.redeem(token, signed)).status == 200
        world.clock.advance(seconds=1)
        await thief.redeem(token, signed)
    replayed = (await world.broker.health()).body["alarm"]
    assert (stolen["kind"], stolen["last4"]) == ("stolen", decision.last4)
    assert "a broker it does not belong to" in stolen["message"]
    assert (replayed["kind"], replayed["at"], replayed["last4"]) == ("replayed", world.clock.now_ms(), decision.last4)
    assert "the second time by another broker" in replayed["message"]
    world.clock.advance(seconds=1)
    await world.broker.redeem(token, signed)
    assert "the second time by the same broker" in (await world.broker.health()).body["alarm"]["message"]
    world.clock.advance(seconds=24 * 3600)
    assert (await world.broker.health()).body["alarm"] is None


async def test_another_organisation_hears_nothing_of_it(world: World) -> None:
    token, _ = await world.approved()
    async with dashboard(world.issuer, "Eve", "Other") as eve, broker_peer(world.issuer, "brk_other") as other:
        assert (await other.enrol(await eve.create_code("broker"))).status == 200
        await other.introspect(token)
        assert (await other.health()).body["alarm"] is None
    assert (await world.broker.health()).body["alarm"]["kind"] == "stolen"


async def test_a_failed_sign_in_is_no_alarm_about_a_card(world: World) -> None:
    async with dashboard(world.issuer, "Eve", "Other") as eve:
        wrong = {"name": "Ada", "password": "wrong"}
        assert (await eve.post("/sign-in", **wrong)).status == 403
    assert "alarm:sign-in:failed" in world.issuer.names()
    assert (await world.broker.health()).body["alarm"] is None


async def test_the_alarm_is_found_by_its_index(world: World) -> None:
    from broker.issuer.events.tables import CARD_ALARMS

    query = f"EXPLAIN QUERY PLAN SELECT * FROM events WHERE {CARD_ALARMS} AND at > 0 ORDER BY at DESC, seq DESC LIMIT 1"
    plan = await world.issuer.context.db.write(lambda tx: str(tx.raw.execute(query).fetchall()))
    assert "events_card_alarms" in plan
