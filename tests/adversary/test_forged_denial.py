"""A hijacked broker that says "the person denied": it can end a release, and cannot make its word the person's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broker.core.canonical import b64u
from broker.issuer.redeem.offline import verify_receipt
from broker.issuer.redeem.offline_denial import verify_denial
from broker.issuer.redeem.tables import denials
from broker.issuer.sweep import sweep
from broker.protocol.denial import Denial, SignedDenial
from broker.protocol.receipt import Receipt
from tests.adversary.spies import altered, count, leaves, refused
from tests.adversary.test_forged_receipt import Verifier, by_ledgeros, given, known
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device
from tests.api.issuer.serving import Reply

RELEASE = "rel_asked"


class Asked:
    """A request that a person was shown: its token's access event, and the facts."""

    def __init__(self, world: World, token: str, jws: str) -> None:
        self.world, self.token, self.jws = world, token, jws
        self.event = world.device.facts(jws).access_event_id or ""

    async def report(self, denial: SignedDenial | None, outcome: str = "denied", release: str = RELEASE) -> Reply:
        """What the broker tells LedgerOS."""
        body: dict[str, Any] = {"releaseId": release, "accessEventId": self.event, "outcome": outcome, "fields": []}
        return await self.world.broker.post("outcomes", {**body, "denial": denial and denial.wire()})

    async def access_event(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.world.access_event(self.token)
        return found

    def say_no(self, **changes: Any) -> SignedDenial:
        return self.world.device.say_no(self.jws, RELEASE, self.world.clock.now_ms(), **changes)


async def asked(world: World) -> Asked:
    token = await world.token(await world.new_card())
    return Asked(world, token, await world.introspected(token))


def unproven(world: World) -> list[Any]:
    """Why each denial that only the broker told counted as its word alone, newest first."""
    from broker.issuer.events.services import latest

    org = world.issuer.context.db.read_now(lambda c: c.exec_driver_sql("SELECT id FROM organisations").scalar_one())
    found = world.issuer.context.db.read_now(lambda c: latest(c, org, 100, "broker:release:denied"))
    return [entry.facts["unproven"] for entry in found]


async def test_a_signed_denial_is_the_persons_and_has_a_receipt(world: World, tmp_path: Path) -> None:
    request = await asked(world)
    for _ in range(2):
        assert (await request.report(request.say_no())).status == 200
    assert (count(world, "person:release:denied"), count(world, "broker:release:denied")) == (1, 0), "told once"
    event = await request.access_event()
    assert (event["status"], event["denied_reason"]) == ("denied", "denied_by_person")
    assert (await world.broker.redeem(request.token, world.device.sign(world.device.decision(request.jws, 1)))).body["code"] == "denied"
    receipt = (await world.call("GET", f"/v1/releases/{RELEASE}/receipt")).body
    issuer, device, passkey = known(world)
    verified = verify_denial(receipt, issuer, device)
    assert (verified.denial.said, verified.facts.card_id, [key.given for key in verified.keys]) == (
        "denied",
        event["card_id"],
        [True, True],
    )
    verify = Verifier(tmp_path)
    said = await verify(receipt, *given((issuer, device)))
    assert (said.returncode, "The person" in said.stdout, "denied" in said.stdout) == (0, True, True), said.stderr
    assert "Every signature holds" in said.stdout
    assert (await verify(receipt)).returncode == 1, "its own keys prove no more here than on an approval"
    assert "no passkey signs a denial" in (await verify(receipt, *given((issuer, device, passkey)))).stderr


async def test_a_denial_that_nobody_signed_is_told_as_the_brokers_word(world: World) -> None:
    request = await asked(world)
    assert (await request.report(None)).status == 200
    event = await request.access_event()
    assert (event["status"], event["denied_reason"]) == ("denied", "denied_reported_by_broker"), "it ends all the same"
    assert (count(world, "person:release:denied"), unproven(world)) == (0, ["unsigned"])
    assert (await world.call("GET", f"/v1/releases/{RELEASE}/receipt")).status == 404


async def test_no_member_of_a_denial_can_be_altered(world: World) -> None:
    """One signed no, and everything that a broker could make of it."""
    changes: dict[str, Any] = {
        "said": "stopped", "releaseId": "rel_other", "factsHash": "AAAA", "tokenHash": "AAAA", "intentId": "int_evil",
        "deviceId": "dev_other", "decidedAt": 1, "nonce": "AAAA",
    }  # fmt: skip
    request = await asked(world)
    signed = request.say_no()
    assert {path[-1] for path, _ in leaves(signed.denial.wire())} == {*changes, "version"}
    for member, value in changes.items():
        forged = SignedDenial.model_validate(altered(signed.wire(), ("denial", member), value))
        assert (await request.report(forged)).status == 200
        assert count(world, "person:release:denied") == 0, member
        assert unproven(world)[0] in ("bad_signature", "device_not_enrolled"), member
    assert (await request.report(signed)).status == 200
    assert count(world, "person:release:denied") == 1, "unaltered it counts"


@pytest.mark.parametrize("whose", ["a browser of its own", "another organisation's browser", "a revoked browser"])
async def test_a_denial_by_a_browser_that_is_not_the_persons_counts_for_nothing(world: World, whose: str) -> None:
    request = await asked(world)
    own = Device(issuer_key=world.device.issuer_key, id=world.device.id)
    why = "bad_signature"
    if whose == "another organisation's browser":
        own, why = Device(issuer_key=world.device.issuer_key, id="dev_elsewhere"), "device_not_enrolled"
    if whose == "a revoked browser":
        own, why = world.device, "device_not_enrolled"
        await world.owner.post(f"/devices/{world.device.id}/revoke", "/brokers")
    await request.report(own.say_no(request.jws, RELEASE, world.clock.now_ms()))
    assert (count(world, "person:release:denied"), unproven(world)) == (0, [why])


async def test_a_denial_cannot_be_replayed_for_another_release_token_or_kind(world: World) -> None:
    first, second = await asked(world), await asked(world)
    no = first.say_no()
    assert (await first.report(no)).status == 200
    assert (await second.report(no)).status == 200
    assert (await second.report(no, release="rel_other")).status == 200
    about_second = Denial.model_validate({**no.denial.wire(), "tokenHash": second.say_no().denial.token_hash})
    mixed = SignedDenial(denial=about_second, device_signature=b64u(world.device.signing.sign(about_second.digest())))
    assert (await second.report(mixed)).status == 200, "facts of one token, and the name of the other"
    assert (await second.report(second.say_no(), outcome="stopped")).status == 200
    assert count(world, "person:release:denied") == 1
    assert count(world, "person:release:stopped") == 0
    assert unproven(world) == ["facts_unknown", "another_release", "facts_unknown"]
    kept = world.issuer.context.db.read_now(lambda c: c.execute(select(denials.c.access_event_id)).scalars().all())
    assert kept == [first.event]


async def test_a_denial_on_an_intent_is_for_that_intent(world: World) -> None:
    card = await world.new_card()
    (one, decision), (other, _) = await world.approved_first(card), await world.approved_first(card)
    jws = (await world.broker.post("introspect", {"intentId": one})).body["facts"]
    no = world.device.say_no(jws, RELEASE, world.clock.now_ms())

    async def report(intent_id: str) -> None:
        body: dict[str, Any] = {"releaseId": RELEASE, "accessEventId": None, "intentId": intent_id, "outcome": "denied", "fields": []}
        assert (await world.broker.post("outcomes", {**body, "denial": no.wire()})).status == 200

    await report(other)
    assert (count(world, "person:release:denied"), unproven(world)) == (0, ["facts_unknown"])
    await report(one)
    assert count(world, "person:release:denied") == 1
    receipt = (await world.call("GET", f"/v1/releases/{RELEASE}/receipt")).body
    verified = verify_denial(receipt, *known(world)[:2])
    assert (verified.receipt.intent_id, verified.receipt.access_event_id) == (one, None)
    assert decision.intent_id == one


async def test_a_denial_is_no_approval_and_an_approval_no_denial(world: World) -> None:
    """Each has a digest of its own domain: one signature is never read as the other."""
    request = await asked(world)
    decision = world.device.decision(request.jws, world.clock.now_ms())
    approval = world.device.sign(decision, passkey=False)
    no = request.say_no()
    as_denial = no.model_copy(update={"device_signature": approval.device_signature})
    await request.report(as_denial, outcome="expired")
    assert (await request.access_event())["status"] == "granted", "nothing is made of it where nobody reported a denial"
    as_approval = approval.model_copy(update={"device_signature": no.device_signature})
    assert (await refused(world, request.token, as_approval)).body["code"] == "bad_signature"
    await request.report(as_denial)
    assert unproven(world) == ["bad_signature"]


async def test_a_dropped_denial_is_an_expiry_and_never_an_approval(world: World) -> None:
    """What LedgerOS then knows: that the broker asked, and that nothing came of it. The browser's own history has the no."""
    request = await asked(world)
    world.clock.advance(seconds=121)
    await world.issuer.context.db.write(lambda tx: sweep(tx, world.issuer.context.now(), world.issuer.context.settings))
    event = await request.access_event()
    assert (event["status"], event["denied_reason"]) == ("expired", None)
    assert count(world, "person:release:denied") == count(world, "broker:release:denied") == 0
    late = request.say_no(decidedAt=world.clock.now_ms() - 60_000)
    assert (await request.report(late)).status == 200
    assert count(world, "person:release:denied") == 1, "told later it still counts as what it is"
    assert (await request.access_event())["status"] == "expired"


async def test_an_old_denial_does_not_change_the_outcome_of_what_was_approved_after_it(world: World) -> None:
    """A hijacked broker asks again until the person gives in, and then reports the first no."""
    request = await asked(world)
    decision = world.device.decision(request.jws, world.clock.now_ms())
    assert (await world.broker.redeem(request.token, world.device.sign(decision))).status == 200
    assert (await request.report(request.say_no())).status == 200
    assert count(world, "person:release:denied") == 1, "it is told, and so is known that the person was asked twice"
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    assert receipt["outcome"] is None


@pytest.mark.parametrize("signed", [True, False])
async def test_a_stop_after_an_approval_is_the_persons_only_when_it_is_signed(world: World, signed: bool) -> None:
    request = await asked(world)
    decision = world.device.decision(request.jws, world.clock.now_ms(), releaseId=RELEASE)
    assert (await world.broker.redeem(request.token, world.device.sign(decision))).status == 200
    assert (await request.report(request.say_no(said="stopped") if signed else None, outcome="stopped")).status == 200
    assert (count(world, "person:release:stopped"), count(world, "broker:release:stopped")) == (int(signed), int(not signed))
    assert count(world, "broker:window:closed") == 1, "the window is closed in any case"
    receipt = (await world.call("GET", f"/v1/releases/{RELEASE}/receipt")).body
    assert (receipt["outcome"], receipt["stop"] is not None) == ("stopped", signed)


@pytest.mark.parametrize("whose", ["a no of before", "a no of before, under another token", "another browser's stop"])
async def test_another_no_to_the_same_release_does_not_spoil_the_receipt_of_its_approval(world: World, whose: str) -> None:
    """A hijacked broker asks under one id again, or elsewhere: what was approved stays provable, and so does a real stop of it."""
    request, other = await asked(world), Device(issuer_key=world.device.issuer_key)
    await other.enrol(world.broker, await world.owner.create_code("browser"))
    if whose == "a no of before, under another token":
        assert (await request.report(request.say_no())).status == 200
        request = await asked(world)
    decision = world.device.decision(request.jws, world.clock.now_ms(), releaseId=RELEASE)
    assert (await world.broker.redeem(request.token, world.device.sign(decision))).status == 200
    if whose == "a no of before":
        assert (await request.report(request.say_no())).status == 200
    if whose == "another browser's stop":
        elsewhere = other.say_no(request.jws, RELEASE, world.clock.now_ms(), said="stopped")
        assert (await request.report(elsewhere, outcome="stopped")).status == 200

    async def receipt() -> Receipt:
        return verify_receipt((await world.call("GET", f"/v1/releases/{RELEASE}/receipt")).body, *known(world)).receipt

    assert (await receipt()).stop is None
    told = count(world, "person:release:stopped")
    stop = request.say_no(said="stopped")
    assert (await request.report(stop, outcome="stopped")).status == 200
    assert count(world, "person:release:stopped") == told + 1
    assert (await receipt()).stop == stop


async def test_ledgeros_cannot_make_a_receipt_of_a_denial_that_a_browser_did_not_sign(world: World) -> None:
    request = await asked(world)
    await request.report(request.say_no())
    receipt = (await world.call("GET", f"/v1/releases/{RELEASE}/receipt")).body
    issuer, device, _ = known(world)
    own = Device(issuer_key=issuer, id=world.device.id)
    invented = own.say_no(request.jws, "rel_other", world.clock.now_ms())
    forged = by_ledgeros(
        world, receipt, signed=invented.wire(), digest=b64u(invented.denial.digest()), releaseId="rel_other",
        device={**receipt["device"], "signingKey": b64u(own.signing.public_key().public_bytes_raw())},
    )  # fmt: skip
    assert [key.given for key in verify_denial(forged, issuer).keys] == [True, False]
    with pytest.raises(ValueError, match="the browser's key in the receipt is not the one you gave"):
        verify_denial(forged, issuer, device)
    for path, value in leaves(receipt):
        changed = {"version": 2}.get(path[-1], "x" if value is None or isinstance(value, str) else value + 1)
        with pytest.raises(ValueError, match=r"hold|receipt"):
            verify_denial(altered(receipt, path, changed), issuer, device)
    for change, why in (
        ({"signed": altered(receipt["signed"], ("denial", "said"), "stopped")}, "another denial"),
        ({"brokerId": "brk_other"}, "another broker"),
        ({"releaseId": "rel_other"}, "another release"),
        ({"accessEventId": "evt_other"}, "another access event"),
        ({"digest": "AAAA"}, "another denial"),
    ):
        with pytest.raises(ValueError, match=why):
            verify_denial(by_ledgeros(world, receipt, **change), issuer, device)
