"""A broker, browser or passkey that was revoked, by command line or dashboard: over at its next call, LedgerOS still running."""

from __future__ import annotations

import json
from typing import Any

from tests.adversary.command_line import ledgeros
from tests.adversary.spies import refused
from tests.api.issuer.harness import World
from tests.api.issuer.parties import broker_peer


async def listed(world: World, *noun: str) -> list[dict[str, Any]]:
    done = await ledgeros(noun[0], "list", *noun[1:], "--json", state=world.issuer.context.state.root)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


async def test_the_command_line_lists_and_revokes_effective_at_the_next_call(world: World) -> None:
    root = world.issuer.context.state.root
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    for noun, code in (
        (("passkeys",), "bad_passkey"),
        (("devices", "--of", "issuer"), "device_not_enrolled"),
        (("brokers",), "broker_not_enrolled"),
    ):
        [enrolled] = await listed(world, *noun)
        assert enrolled["revokedAt"] is None
        assert not {"signingKey", "sealingKey"} & set(enrolled), "the key that verifies a receipt is `publicKey`; no other is listed"
        done = await ledgeros(noun[0], "revoke", enrolled["id"], *noun[1:], state=root)
        assert (done.returncode, done.stdout.strip()) == (0, f"{enrolled['id']} is revoked"), done.stderr
        assert (await refused(world, token, signed)).body["code"] == code
        assert (await listed(world, *noun))[0]["revokedAt"] is not None
        again = await ledgeros(noun[0], "revoke", enrolled["id"], *noun[1:], state=root)
        assert again.returncode == 1
        assert "Traceback" not in again.stderr
    names = world.issuer.names()
    assert [name for name in names if name.startswith("operator:") and name.endswith(":revoked")] == [
        "operator:passkey:revoked", "operator:device:revoked", "operator:broker:revoked",
    ]  # fmt: skip
    assert (await ledgeros("events", "verify", state=root)).returncode == 0


async def test_the_dashboard_lists_and_revokes_effective_at_the_next_call(world: World) -> None:
    token, decision = await world.approved()
    signed = world.device.sign(decision)
    page = (await world.owner.get("/brokers")).text
    passkey = page.split("/passkeys/")[1].split("/revoke")[0]
    for path, code in (
        (f"/passkeys/{passkey}/revoke", "bad_passkey"),
        (f"/devices/{world.device.id}/revoke", "device_not_enrolled"),
        (f"/brokers/{world.broker.id}/revoke", "broker_not_enrolled"),
    ):
        assert path in page, "each has its button"
        assert (await world.owner.post(path, "/brokers")).status == 303
        assert (await refused(world, token, signed)).body["code"] == code


async def test_a_revoked_broker_learns_nothing_more(world: World) -> None:
    token = await world.token()
    await world.owner.post(f"/brokers/{world.broker.id}/revoke", "/brokers")
    assert (await world.broker.introspect(token)).body["code"] == "broker_not_enrolled"
    assert (await world.broker.health()).body["enrolled"] is False
    assert (await world.broker.enrol("0000-0000-0000-0000")).status == 403, "it comes back with a person's code only"


async def test_a_revoked_broker_cannot_come_back_under_its_old_certificate_elsewhere(world: World) -> None:
    from tests.api.issuer.owner import dashboard

    await world.owner.post(f"/brokers/{world.broker.id}/revoke", "/brokers")
    async with dashboard(world.issuer, "Eve", "Elsewhere") as eve, broker_peer(world.issuer) as same:
        reply = await same.enrol(await eve.create_code("broker"))
        assert (reply.status, reply.body["code"]) == (409, "enrolled_elsewhere")
