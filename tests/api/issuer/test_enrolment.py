"""Brokers, browsers and passkeys: enrolled by a person's code, revoked at once."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.core.canonical import b64u
from broker.issuer.admin import list_enrolled
from broker.protocol.proof import check_proof, make_proof
from broker.protocol.sealing import key_id
from tests.api.issuer.harness import World
from tests.api.issuer.owner import dashboard
from tests.api.issuer.parties import Device, Passkey, broker_peer, egress_request, proof_key
from tests.api.issuer.serving import Issuer


async def test_a_broker_enrols_with_a_persons_code_once(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner, broker_peer(issuer) as broker:
        assert (await broker.health()).body["enrolled"] is False
        assert (await broker.introspect("tok_" + "x" * 43)).body["code"] == "broker_not_enrolled"
        code = await owner.create_code("broker")
        enrolled = await broker.enrol(code.lower().replace("-", " "))
        assert enrolled.body == {"brokerId": broker.id, "organisationName": "Harness"}
        assert (await broker.health()).body == {
            "time": issuer.clock.now_ms(), "brokerId": broker.id, "enrolled": True, "organisationName": "Harness",
            "alarm": None,
        }  # fmt: skip
        again = await broker.enrol(code)
        assert (again.status, again.body["code"]) == (403, "bad_code")


async def test_a_code_lasts_ten_minutes_and_fits_its_kind(issuer: Issuer) -> None:
    async with dashboard(issuer) as owner, broker_peer(issuer) as broker:
        for_browser = await owner.create_code("browser")
        assert (await broker.enrol(for_browser)).status == 403
        code = await owner.create_code("broker")
        issuer.clock.advance(seconds=600)
        assert (await broker.enrol(code)).status == 403
        assert (await broker.enrol("0000-0000-0000-0000")).status == 403


async def test_a_broker_of_another_organisation_is_not_taken_over(world: World) -> None:
    async with dashboard(world.issuer, "Eve", "Other") as other:
        reply = await world.broker.enrol(await other.create_code("broker"))
        assert (reply.status, reply.body["code"]) == (409, "enrolled_elsewhere")


async def test_a_browser_enrols_and_pins_the_issuer(world: World) -> None:
    device = Device()
    enrolled = await device.enrol(world.broker, await world.owner.create_code("browser"), passkey=False)
    assert enrolled.passkeys == 0
    assert enrolled.approval == "step-up"
    assert enrolled.user_facing_origin == world.issuer.url
    assert device.issuer_key == world.issuer.context.keys.signing.public_key().public_bytes_raw()


async def test_a_second_code_adds_a_passkey_to_the_same_browser(world: World) -> None:
    device = Device()
    first = await device.enrol(world.broker, await world.owner.create_code("browser"), passkey=False)
    second = await device.enrol(world.broker, await world.owner.create_code("browser"))
    assert (second.device_id, second.passkeys) == (first.device_id, 1)


async def test_five_wrong_proofs_end_a_code(world: World) -> None:
    code = await world.owner.create_code("browser")
    device = Device()
    good = device.request(code, passkey=False).wire()
    # A hijacked broker swaps the sealing key for its own: the proof does not cover it.
    swapped = {**good, "sealingKey": Device().request(code, passkey=False).sealing_key}
    for _ in range(5):
        assert (await world.broker.post("enrolments/device", swapped)).status == 403
    assert (await world.broker.post("enrolments/device", good)).status == 403
    assert world.issuer.names().count("alarm:enrolment-code:failed") == 5


async def test_an_unenrolled_broker_cannot_bring_a_browser(world: World) -> None:
    async with broker_peer(world.issuer, "brk_stranger") as stranger:
        request = Device().request(await world.owner.create_code("browser"), passkey=False)
        reply = await stranger.post("enrolments/device", request.wire())
        assert (reply.status, reply.body["code"]) == (403, "broker_not_enrolled")


@pytest.mark.parametrize("fault", ["origin", "verification", "challenge"])
async def test_a_passkey_that_does_not_prove_a_person_here_is_refused(world: World, fault: str) -> None:
    code = await world.owner.create_code("browser")
    device = Device()
    if fault == "origin":
        device.passkey = Passkey(origin="chrome-extension://" + "p" * 32)
    if fault == "verification":
        device.passkey = Passkey(verifies_user=False)
    body = device.request(code, passkey=True).wire()
    if fault == "challenge":
        body["passkey"] = device.passkey.register(b"x" * 32).wire()
        del body["proof"]
        body["proof"] = make_proof(proof_key(code, "enrolment"), "extension", body)
    reply = await world.broker.post("enrolments/device", body)
    assert (reply.status, reply.body["code"]) == (403, "passkey_not_verified")


async def test_a_key_that_makes_sealing_worthless_is_refused(world: World) -> None:
    code = await world.owner.create_code("browser")
    for bad in (bytes(32), (1).to_bytes(32, "little"), b"short"):
        request = Device().request(code, passkey=False, sealingKey=b64u(bad))
        assert (await world.broker.post("enrolments/device", request.wire())).status == 422


async def test_revoking_takes_effect_at_the_next_call(world: World) -> None:
    token, decision = await world.approved()
    page = (await world.owner.get("/brokers")).text
    assert f"/devices/{world.device.id}/revoke" in page
    assert (await world.owner.post(f"/devices/{world.device.id}/revoke", "/brokers")).status == 303
    reply = await world.broker.redeem(token, world.device.sign(decision))
    assert (reply.status, reply.body["code"]) == (403, "device_not_enrolled")

    assert (await world.owner.post(f"/brokers/{world.broker.id}/revoke", "/brokers")).status == 303
    assert (await world.broker.introspect(token)).body["code"] == "broker_not_enrolled"
    assert (await world.broker.health()).body["enrolled"] is False


def egress_key() -> bytes:
    return X25519PrivateKey.generate().public_key().public_bytes_raw()


async def test_an_egress_key_enrols_with_a_persons_code_once(world: World) -> None:
    code, key = await world.owner.create_code("egress"), egress_key()
    request = egress_request(code, key)
    reply = await world.broker.post("enrolments/egress", request)
    assert reply.status == 200, reply.text
    answer = {name: value for name, value in reply.body.items() if name != "proof"}
    assert (answer["keyId"], answer["brokerId"], answer["organisationName"]) == (key_id(key), world.broker.id, "Harness")
    assert check_proof(proof_key(code, "enrolment"), "issuer", {"request": request, "answer": answer}, reply.body["proof"])
    again = await world.broker.post("enrolments/egress", request)
    assert (again.status, again.body["code"]) == (403, "bad_code")
    renewed = await world.broker.post("enrolments/egress", egress_request(await world.owner.create_code("egress"), key))
    assert renewed.body["egressId"] == answer["egressId"], "the same key is one enrolment"


async def test_an_egress_key_needs_a_code_for_an_egress(world: World) -> None:
    for kind in ("browser", "broker"):
        reply = await world.broker.post("enrolments/egress", egress_request(await world.owner.create_code(kind), egress_key()))
        assert (reply.status, reply.body["code"]) == (403, "bad_code")
    assert (await world.broker.post("enrolments/egress", egress_request("0000-0000-0000-0000", egress_key()))).status == 403
    for_egress = await world.owner.create_code("egress")
    assert (await world.broker.post("enrolments/device", Device().request(for_egress, passkey=False).wire())).status == 403


async def test_a_swapped_egress_key_is_refused_and_five_tries_end_the_code(world: World) -> None:
    code = await world.owner.create_code("egress")
    good = egress_request(code, egress_key())
    for _ in range(5):
        # What a hijacked broker that passes the request on would do.
        assert (await world.broker.post("enrolments/egress", {**good, "sealingKey": b64u(egress_key())})).status == 403
    assert (await world.broker.post("enrolments/egress", good)).status == 403
    assert world.issuer.names().count("alarm:enrolment-code:failed") == 5


async def test_another_organisations_broker_cannot_use_an_egress_code(world: World) -> None:
    code = await world.owner.create_code("egress")
    async with dashboard(world.issuer, "Eve", "Other") as eve, broker_peer(world.issuer, "brk_other") as other:
        assert (await other.enrol(await eve.create_code("broker"))).status == 200
        assert (await other.post("enrolments/egress", egress_request(code, egress_key()))).status == 403


async def test_an_egress_key_that_makes_sealing_worthless_is_refused(world: World) -> None:
    code = await world.owner.create_code("egress")
    for bad in (bytes(32), (1).to_bytes(32, "little"), b"short"):
        reply = await world.broker.post("enrolments/egress", egress_request(code, bad))
        assert (reply.status, reply.body["code"]) == (422, "bad_key")


async def test_an_egress_key_is_listed_and_revoked(world: World) -> None:
    reply = await world.broker.post("enrolments/egress", egress_request(await world.owner.create_code("egress"), egress_key()))
    egress_id = reply.body["egressId"]
    revoke = f"/egresses/{egress_id}/revoke"
    assert revoke in (await world.owner.get("/brokers")).text
    async with dashboard(world.issuer, "Eve", "Other") as eve:
        assert revoke not in (await eve.get("/brokers")).text
        assert (await eve.post(revoke, "/brokers")).status == 404
    assert (await world.owner.post(revoke, "/brokers")).status == 303
    assert revoke not in (await world.owner.get("/brokers")).text
    [row] = list_enrolled(world.issuer.context.state.root, "egress")
    assert (row["id"], row["revoked_at"]) == (egress_id, world.clock.now_ms())
    assert "sealing_key" not in row
    assert world.issuer.names()[-1] == "person:egress:revoked"
