"""Somebody who alters a receipt, or a log: everybody can tell, without asking LedgerOS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.core.canonical import b64u
from broker.issuer.redeem.receipts import verify_receipt
from broker.protocol.receipt import sign_receipt
from tests.adversary.command_line import Done, ledgeros
from tests.adversary.spies import altered, leaves
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device


async def receipt_of(world: World, **details: Any) -> dict[str, Any]:
    token, decision = await world.approved(await world.new_card(), **details)
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200
    report = {"releaseId": decision.release_id, "accessEventId": decision.access_event_id, "outcome": "filled", "fields": ["number"]}
    assert (await world.broker.post("outcomes", report)).status == 200
    document: dict[str, Any] = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    return document


def device_key(world: World) -> bytes:
    return world.device.signing.public_key().public_bytes_raw()


def tampered(document: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The receipt with one member changed, for every member."""
    for path, value in leaves(document):
        match value:
            case bool():
                changed: Any = not value
            case int():
                changed = value + 1
            case list():
                changed = ["expiry"] if path[-1] == "outcomeFields" else ["https://evil.example"]
            case None:
                changed = 1
            case _:
                changed = ("A" if value[:1] != "A" else "B") + value[1:]
        yield path, altered(document, path, changed)


async def test_no_member_of_a_receipt_can_be_altered(world: World) -> None:
    receipt = await receipt_of(world)
    assert verify_receipt(receipt, world.device.issuer_key, device_key(world)).receipt.outcome == "filled"
    tried = list(tampered(receipt))
    assert len(tried) > 40
    for path, forged in tried:
        with pytest.raises(ValueError, match=r"hold|receipt"):
            verify_receipt(forged, world.device.issuer_key, device_key(world))
        assert path
    for member in receipt:
        with pytest.raises(ValueError, match=r"hold|receipt"):
            verify_receipt({key: value for key, value in receipt.items() if key != member}, world.device.issuer_key)


async def test_a_receipt_that_somebody_else_signed_is_refused(world: World) -> None:
    receipt = await receipt_of(world)
    own = Ed25519PrivateKey.generate()
    unsigned = {key: value for key, value in receipt.items() if key != "signature"}
    forged = sign_receipt({**unsigned, "issuerKey": b64u(own.public_key().public_bytes_raw())}, own)
    with pytest.raises(ValueError, match="LedgerOS's signature"):
        verify_receipt(forged, world.device.issuer_key)
    with pytest.raises(ValueError, match="browser's signature"):
        verify_receipt(receipt, world.device.issuer_key, Device().signing.public_key().public_bytes_raw())


async def test_even_ledgeros_cannot_sign_a_receipt_for_a_decision_nobody_made(world: World) -> None:
    """The browser's and the passkey's signatures stand on their own."""
    key = world.issuer.context.keys.signing
    receipt = await receipt_of(world)
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    changes: dict[str, dict[str, Any]] = {
        "another decision": {"signed": altered(unsigned["signed"], ("decision", "maxAmount"), 99_999)},
        "another decision than": {"signed": altered(unsigned["signed"], ("decision", "reason"), "subscription")},
        "another release": {"releaseId": "rel_other"},
        "another broker": {"brokerId": "brk_other"},
        "passkey": {"signed": {**unsigned["signed"], "passkey": None}},
        "browser's signature": {"signed": {**unsigned["signed"], "deviceSignature": "A" * 86}},
        "not an introspection": {"facts": unsigned["facts"][:-4] + "AAAA"},
    }
    for what, change in changes.items():
        with pytest.raises(ValueError, match=what):
            verify_receipt(sign_receipt({**unsigned, **change}, key), world.device.issuer_key)
    assert verify_receipt(sign_receipt(unsigned, key), world.device.issuer_key)


async def test_a_receipt_is_for_its_organisations_back_end_only(world: World) -> None:
    receipt = await receipt_of(world)
    path = f"/v1/releases/{receipt['releaseId']}/receipt"
    assert (await world.call("GET", path, key=world.agent_token)).status == 403
    assert (await world.issuer.call("GET", path)).status == 401


async def test_the_command_line_verifies_a_receipt_and_refuses_a_tampered_one(world: World, tmp_path: Path) -> None:
    receipt, file = await receipt_of(world), tmp_path / "receipt.json"
    pins = ("--issuer-key", b64u(world.device.issuer_key), "--device-key", b64u(device_key(world)))

    async def verify(document: Any, *options: str) -> Done:
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return await ledgeros("receipt", "verify", str(file), *options)

    good = await verify(receipt, *pins)
    assert good.returncode == 0, good.stderr
    for shown in (
        "https://shop.example",
        "$50.00",
        "checkout-bot",
        "Amazon",
        "Purchase office supplies",
        "one charge",
        world.device.id,
        "Every signature holds",
    ):
        assert shown in good.stdout
    assert "taken from the receipt itself" not in good.stdout
    assert "taken from the receipt itself" in (await verify(receipt)).stdout
    subscription = await verify(await receipt_of(world, reason="subscription"), *pins)
    assert "a subscription: the shop may charge up to this amount again, without asking" in subscription.stdout
    for bad in (altered(receipt, ("redeemedAt",), 1), {"object": "receipt"}, "not JSON", "[]"):
        refused = await verify(bad, *pins)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
