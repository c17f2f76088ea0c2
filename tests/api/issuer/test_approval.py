"""Which approvals need a passkey, decided by LedgerOS itself."""

from __future__ import annotations

from typing import Any

from broker.protocol.decision import Decision
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Passkey
from tests.api.issuer.serving import SHOP, Reply


async def redeem(world: World, *, passkey: bool, details: dict[str, Any] | None = None, **changes: Any) -> Reply:
    token, decision = await world.approved(await world.new_card(), **(details or {}))
    altered = Decision.model_validate({**decision.wire(), **changes})
    return await world.broker.redeem(token, world.device.sign(altered, passkey=passkey))


def needs_passkey(reply: Reply) -> bool:
    return (reply.status, (reply.body or {}).get("code")) == (403, "passkey_required")


async def test_direct_mode_needs_a_passkey_by_default(world: World) -> None:
    assert needs_passkey(await redeem(world, passkey=False))
    assert (await redeem(world, passkey=True)).status == 200
    again = await redeem(world, passkey=False)
    assert needs_passkey(again), "known merchant, small amount: still the page will see the number"
    assert "page will see" in again.body["error"]


async def test_where_the_organisation_says_so_every_approval_needs_a_passkey(world: World) -> None:
    await world.owner.set_approval("passkey")
    assert needs_passkey(await redeem(world, passkey=False))


async def test_a_click_is_enough_where_the_organisation_says_so(world: World) -> None:
    await world.owner.set_approval("click")
    assert (await redeem(world, passkey=False)).status == 200


async def test_what_a_token_is_bound_to_needs_a_passkey_whatever_the_setting(world: World) -> None:
    await world.owner.set_approval("click")
    assert needs_passkey(await redeem(world, passkey=False, maxAmount=5_101))
    assert (await redeem(world, passkey=False, maxAmount=5_100)).status == 200
    elsewhere = {"clientContext": {"origin": "https://other.example"}}
    assert needs_passkey(await redeem(world, passkey=False, details=elsewhere, mismatches=["origin"]))
    assert (await redeem(world, passkey=True, details=elsewhere, mismatches=["origin"])).status == 200


async def test_a_mismatch_needs_a_passkey_whatever_the_setting(world: World) -> None:
    await world.owner.set_approval("click")
    _, routine = await world.approved()
    to_the_broker = {"claimed": {**routine.claimed.wire(), "origin": "https://other.example"}, "mismatches": ["origin"]}
    on_the_page = {"seen": {**routine.seen.wire(), "pageAmount": 4_000}, "maxAmount": 4_000, "mismatches": ["amount"]}
    for differs in (to_the_broker, on_the_page):
        refused = await redeem(world, passkey=False, **differs)
        assert needs_passkey(refused)
        assert "differs from what the browser sees" in refused.body["error"]
        assert (await redeem(world, passkey=True, **differs)).status == 200, "seen, and proven by the person"


async def test_a_passkey_allows_more_but_never_more_than_is_left(world: World) -> None:
    assert (await redeem(world, passkey=True, maxAmount=20_000)).status == 200
    assert (await redeem(world, passkey=True, maxAmount=50_001)).body["code"] == "above_limit"


async def test_an_unknown_approval_setting_is_the_strictest(world: World) -> None:
    await world.issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE organisations SET approval = 'click'"))
    token, decision = await world.approved()
    await world.issuer.context.db.write(lambda tx: tx.raw.execute("UPDATE organisations SET approval = 'whatever'"))
    assert needs_passkey(await world.broker.redeem(token, world.device.sign(decision, passkey=False)))


async def test_a_passkey_that_is_not_this_devices_or_not_verified_is_refused(world: World) -> None:
    enrolled = world.device.passkey
    world.device.passkey = Passkey()
    assert (await redeem(world, passkey=True)).body["code"] == "bad_passkey"
    enrolled.verifies_user = False
    world.device.passkey = enrolled
    assert (await redeem(world, passkey=True)).body["code"] == "bad_passkey"
    enrolled.verifies_user = True
    enrolled.origin = "chrome-extension://" + "p" * 32
    assert (await redeem(world, passkey=True)).body["code"] == "bad_passkey"


async def test_an_assertion_for_another_decision_is_refused(world: World) -> None:
    first, other = await world.approved(await world.new_card()), await world.approved(await world.new_card())
    signed = world.device.sign(first[1])
    swapped = signed.model_copy(update={"passkey": world.device.sign(other[1]).passkey})
    assert (await world.broker.redeem(first[0], swapped)).body["code"] == "bad_passkey"


async def test_a_cloned_authenticator_falls_behind(world: World) -> None:
    assert (await redeem(world, passkey=True)).status == 200
    world.device.passkey.count -= 1
    assert (await redeem(world, passkey=True)).body["code"] == "bad_passkey"


async def test_a_revoked_passkey_proves_nothing(world: World) -> None:
    page = (await world.owner.get("/brokers")).text
    passkey_id = page.split("/passkeys/")[1].split("/revoke")[0]
    await world.owner.post(f"/passkeys/{passkey_id}/revoke", "/brokers")
    assert (await redeem(world, passkey=True)).body["code"] == "bad_passkey"


async def test_approving_links_the_merchants_words_to_the_origin(world: World) -> None:
    assert (await redeem(world, passkey=True)).status == 200
    facts = world.device.facts(await world.introspected(await world.token(merchantText="  AMAZON ")))
    assert facts.linked_origins == (SHOP,)
    other = world.device.facts(await world.introspected(await world.token(merchantText="Another")))
    assert other.linked_origins == ()
