"""Somebody who alters a receipt, or a log: everybody can tell, without asking LedgerOS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.core.canonical import b64u, unb64u
from broker.issuer.redeem.offline import verify_receipt
from broker.protocol.decision import Decision
from broker.protocol.facts import JWS_HEADER, sign_facts
from broker.protocol.receipt import sign_receipt
from broker.protocol.sealing import key_id
from broker.releases.introspection import facts_hash
from tests.adversary.command_line import Done, ledgeros
from tests.adversary.spies import altered, leaves
from tests.api.issuer.harness import World
from tests.api.issuer.parties import Device, Passkey


async def receipt_of(world: World, **details: Any) -> dict[str, Any]:
    token, decision = await world.approved(await world.new_card(), **details)
    assert (await world.broker.redeem(token, world.device.sign(decision))).status == 200
    report = {"releaseId": decision.release_id, "accessEventId": decision.access_event_id, "outcome": "filled", "fields": ["number"]}
    assert (await world.broker.post("outcomes", report)).status == 200
    document: dict[str, Any] = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    return document


def device_key(world: World) -> bytes:
    return world.device.signing.public_key().public_bytes_raw()


def known(world: World) -> tuple[bytes, bytes, bytes]:
    """The keys that a verifier keeps: LedgerOS's, the browser's, the passkey's."""
    return world.device.issuer_key, device_key(world), world.device.passkey.public_key


def given(keys: tuple[bytes, ...]) -> list[str]:
    """The options that name them."""
    options = ("--issuer-key", "--device-key", "--passkey-key")
    return [part for option, key in zip(options, keys, strict=False) for part in (option, b64u(key))]


def by_ledgeros(world: World, receipt: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What LedgerOS alone can make of a receipt: anything, under its own signature."""
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    return sign_receipt({**unsigned, **changes}, world.issuer.context.keys.signing)


def decided(receipt: dict[str, Any], device: Device, *, passkey: bool = True, **changes: Any) -> dict[str, Any]:
    """The members that change when `device` signs the receipt's decision with `changes`."""
    decision = Decision.model_validate({**receipt["signed"]["decision"], **changes})
    signed = device.sign(decision, passkey=passkey)
    return {"digest": b64u(decision.digest()), "signed": signed.wire(), "grantId": decision.grant_id}


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
    verified = verify_receipt(receipt, *known(world))
    assert (verified.receipt.outcome, verified.decided_by, [key.given for key in verified.keys]) == ("filled", "passkey", [True] * 3)
    tried = list(tampered(receipt))
    assert len(tried) > 40
    for path, forged in tried:
        with pytest.raises(ValueError, match=r"hold|receipt"):
            verify_receipt(forged, *known(world))
        assert path
    for member in receipt:
        with pytest.raises(ValueError, match=r"hold|receipt"):
            verify_receipt({key: value for key, value in receipt.items() if key != member}, world.device.issuer_key)


async def test_a_receipt_that_somebody_else_signed_is_refused(world: World) -> None:
    receipt = await receipt_of(world)
    own = Ed25519PrivateKey.generate()
    unsigned = {key: value for key, value in receipt.items() if key != "signature"}
    forged = sign_receipt({**unsigned, "issuerKey": b64u(own.public_key().public_bytes_raw())}, own)
    with pytest.raises(ValueError, match="LedgerOS's key in the receipt is not the one you gave"):
        verify_receipt(forged, world.device.issuer_key)
    with pytest.raises(ValueError, match="LedgerOS's signature"):
        verify_receipt({**forged, "issuerKey": receipt["issuerKey"]}, world.device.issuer_key)
    with pytest.raises(ValueError, match="the browser's key in the receipt is not the one you gave"):
        verify_receipt(receipt, world.device.issuer_key, Device().signing.public_key().public_bytes_raw())
    with pytest.raises(ValueError, match="the passkey's key in the receipt is not the one you gave"):
        verify_receipt(receipt, world.device.issuer_key, device_key(world), Passkey().public_key)


async def test_ledgeros_cannot_change_what_a_browser_and_a_passkey_signed(world: World) -> None:
    """Under its own signature and their own keys: the browser's and the passkey's signatures stand by themselves."""
    receipt = await receipt_of(world)
    changes: dict[str, dict[str, Any]] = {
        "another decision": {"signed": altered(receipt["signed"], ("decision", "maxAmount"), 99_999)},
        "another decision than": {"signed": altered(receipt["signed"], ("decision", "reason"), "subscription")},
        "another release": {"releaseId": "rel_other"},
        "another broker": {"brokerId": "brk_other"},
        "passkey": {"signed": {**receipt["signed"], "passkey": None}},
        "browser's signature": {"signed": {**receipt["signed"], "deviceSignature": "A" * 86}},
        "not an introspection": {"facts": receipt["facts"][:-4] + "AAAA"},
    }
    for what, change in changes.items():
        with pytest.raises(ValueError, match=what):
            verify_receipt(by_ledgeros(world, receipt, **change), world.device.issuer_key)
    assert verify_receipt(by_ledgeros(world, receipt), world.device.issuer_key)


async def test_ledgeros_with_a_browser_and_a_passkey_of_its_own_is_found_by_the_keys_one_keeps(world: World) -> None:
    """It can enrol whom it likes in its own database: such a receipt agrees with itself, and only keys from elsewhere tell."""
    receipt, own = await receipt_of(world), Device(id=world.device.id)
    forged = by_ledgeros(
        world, receipt, **decided(receipt, own, maxAmount=4_900),
        device={**receipt["device"], "signingKey": b64u(own.signing.public_key().public_bytes_raw())},
        passkey={**receipt["passkey"], "credentialId": b64u(own.passkey.credential_id), "publicKey": b64u(own.passkey.public_key)},
    )  # fmt: skip
    for keys in ((), (world.device.issuer_key,)):
        verified = verify_receipt(forged, *keys)
        assert [key.given for key in verified.keys] == [bool(keys), False, False], "and it says whose keys those are"
    issuer, device, passkey = known(world)
    for pins in (
        {"device_key": device},
        {"device_key": unb64u(key_id(device))},
        {"passkey_key": passkey},
        {"passkey_key": unb64u(key_id(passkey))},
    ):
        with pytest.raises(ValueError, match="is not the one you gave"):
            verify_receipt(forged, issuer, **pins)
        assert verify_receipt(receipt, issuer, **pins), "which the real one has"


async def test_ledgeros_cannot_put_a_click_in_the_place_of_a_passkey(world: World) -> None:
    """Even with the browser's key in its hands: what needed a passkey was not approved without one."""
    receipt, clicked = await receipt_of(world), {"passkey": None}
    issuer, device, passkey = known(world)
    by_click = {**decided(receipt, world.device, passkey=False), **clicked}
    with pytest.raises(ValueError, match=r"no passkey signed it, and nothing less .* first time at this merchant"):
        verify_receipt(by_ledgeros(world, receipt, **by_click), issuer, device)
    facts = world.device.facts(receipt["facts"])
    easy = sign_facts(facts.model_copy(update={"approval": "click"}), world.issuer.context.keys.signing)
    shown = {**decided(receipt, world.device, passkey=False, factsHash=facts_hash(easy)), **clicked, "facts": easy}
    with pytest.raises(ValueError, match="asks for it every time"):
        verify_receipt(by_ledgeros(world, receipt, **shown, approval="passkey"), issuer, device)
    with pytest.raises(ValueError, match="no passkey signed it, and you gave a passkey's key"):
        verify_receipt(by_ledgeros(world, receipt, **shown, approval="click"), issuer, device, passkey)
    verified = verify_receipt(by_ledgeros(world, receipt, **shown, approval="click"), issuer, device)
    assert verified.decided_by == "click"


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ({"agent_id": "agent_other"}, "another agent"),
        ({"agent_name": "another-bot"}, "another agent"),
        ({"merchant_text": "Another Shop"}, "another merchant"),
        ({"broker_id": "brk_other"}, "another broker"),
        ({"expected_currency": "EUR"}, "another currency"),
        ({"expected_amount": 100}, "another amount"),
        ({"origin": "https://other.example"}, "leaves out a mismatch"),
    ],
)
async def test_a_passkey_under_something_else_than_was_shown_does_not_verify(world: World, shown: dict[str, Any], why: str) -> None:
    """Whoever has the browser and LedgerOS, and gets the person to use the passkey: LedgerOS redeems no such decision."""
    receipt = await receipt_of(world)
    facts = world.device.facts(receipt["facts"]).model_copy(update=shown)
    other = sign_facts(facts, world.issuer.context.keys.signing)
    forged = by_ledgeros(world, receipt, **decided(receipt, world.device, factsHash=facts_hash(other)), facts=other)
    with pytest.raises(ValueError, match=why):
        verify_receipt(forged, *known(world))


ODD_CLIENT_DATA = (
    b"5",
    b"null",
    b"[" * 5_000,
    b'{"type":"webauthn.get","challenge":5,"origin":"x"}',
    b'{"type":{},"challenge":"AAAA","origin":"x"}',
)
ODD_KEYS = (
    cbor2.dumps(5),
    cbor2.dumps({1: 2}),
    cbor2.dumps({1: 2, 3: -7, -1: 1, -2: 5, -3: 6}),
    b"\x81" * 5_000,
    b"\xbf",
    b"\xd8\x23\x61(",
)


@pytest.mark.parametrize(
    "odd", [*(("signed", part) for part in ODD_CLIENT_DATA), *(("key", part) for part in ODD_KEYS), ("facts", b"[" * 5_000)]
)
async def test_bytes_that_nobody_makes_verify_nothing_and_break_nothing(world: World, odd: tuple[str, bytes]) -> None:
    """All keys in it are the forger's own, so every part is read."""
    receipt, (what, part) = await receipt_of(world), odd
    change: dict[str, Any] = {}
    if what == "signed":
        change = {"signed": altered(receipt["signed"], ("passkey", "clientDataJson"), b64u(part))}
    if what == "key":
        change = {"passkey": {**receipt["passkey"], "publicKey": b64u(part)}}
    if what == "facts":
        signed = f"{JWS_HEADER}.{b64u(part)}"
        change = {"facts": f"{signed}.{b64u(world.issuer.context.keys.signing.sign(signed.encode()))}"}
    with pytest.raises(ValueError, match=r"does not hold|not an introspection"):
        verify_receipt(by_ledgeros(world, receipt, **change))


async def test_a_receipt_is_for_its_organisations_back_end_only(world: World) -> None:
    receipt = await receipt_of(world)
    path = f"/v1/releases/{receipt['releaseId']}/receipt"
    assert (await world.call("GET", path, key=world.agent_token)).status == 403
    assert (await world.issuer.call("GET", path)).status == 401


# At the command line --------------------------------------------------------------------------


class Verifier:
    """Somebody with a receipt in a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "receipt.json"

    async def __call__(self, document: Any, *options: str) -> Done:
        self.file.write_text(document if isinstance(document, str) else json.dumps(document))
        return await ledgeros("receipt", "verify", str(self.file), *options)


async def test_the_command_line_verifies_a_receipt_and_refuses_a_tampered_one(world: World, tmp_path: Path) -> None:
    receipt, verify = await receipt_of(world), Verifier(tmp_path)
    keys = known(world)
    good = await verify(receipt, *given(keys))
    assert good.returncode == 0, good.stderr
    for shown in (
        "https://shop.example",
        "$50.00",
        "checkout-bot",
        "Amazon",
        "Purchase office supplies",
        "one charge",
        world.device.id,
        "Every signature holds, each under a key that you gave.",
        *(f"{key_id(key)}, as you gave it" for key in keys),
    ):
        assert shown in good.stdout
    by_id = await verify(receipt, *given(tuple(unb64u(key_id(key)) for key in keys)))
    assert (by_id.returncode, by_id.stdout) == (0, good.stdout), "a key's id says as much as the key"
    for bad in (altered(receipt, ("redeemedAt",), 1), {"object": "receipt"}, altered(receipt, ("device", "name"), "x")):
        refused = await verify(bad, *given(keys))
        assert (refused.returncode, "The receipt does not hold" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)


async def test_a_receipts_own_keys_are_not_taken_for_proof_of_a_person(world: World, tmp_path: Path) -> None:
    receipt, verify = await receipt_of(world), Verifier(tmp_path)
    issuer, device, passkey = known(world)
    bare = await verify(receipt)
    assert bare.returncode == 1
    assert bare.stdout.count("named by the receipt itself") == 3
    assert "LedgerOS's key, the browser's key and the passkey's key in it may be anybody's" in bare.stderr.replace("\n", " ")
    partly = await verify(receipt, *given((issuer, device)))
    assert (partly.returncode, partly.stdout.count("as you gave it"), "--passkey-key" in partly.stderr) == (1, 2, True)
    for options, who in (([], "anybody"), (given((issuer,)), "LedgerOS alone")):
        accepted = await verify(receipt, *options, "--trust-embedded-keys")
        assert accepted.returncode == 0
        assert "! Consistent, but " in accepted.stdout
        assert f"taken from the receipt itself. What they signed, {who} can have made." in accepted.stdout.replace("\n", " ")
        assert "Every signature holds" not in accepted.stdout
    for options, proven in (([], False), (given((issuer, device, passkey)), True)):
        told = await verify(receipt, *options, "--json")
        said = json.loads(told.stdout)
        assert (told.returncode == 0, said["consistent"], said["proven"], said["says"], said["by"]) == (
            proven,
            True,
            proven,
            "approved",
            "passkey",
        )
        assert said["keys"]["passkey"] == {"id": key_id(passkey), "publicKey": b64u(passkey), "given": proven}


async def test_a_click_is_not_said_to_be_a_person(world: World, tmp_path: Path) -> None:
    await world.owner.set_approval("click")
    token, decision = await world.approved(await world.new_card())
    assert (await world.broker.redeem(token, world.device.sign(decision, passkey=False))).status == 200
    receipt = (await world.call("GET", f"/v1/releases/{decision.release_id}/receipt")).body
    said = await Verifier(tmp_path)(receipt, *given(known(world)[:2]))
    assert said.returncode == 0, said.stderr
    assert "No passkey signed: it proves the browser, not who sat at it." in said.stdout


async def test_what_is_no_receipt_or_no_key_is_said_as_that(world: World, tmp_path: Path) -> None:
    receipt, verify = await receipt_of(world), Verifier(tmp_path)
    for document, words in (
        ("{}", "The file is not a receipt."),
        ("[]", "The file is not a receipt."),
        ('{"object":"card"}', "The file is not a receipt."),
        ("not JSON", "The file is not JSON."),
        ("[" * 100_000, "The file is not JSON."),
    ):
        refused = await verify(document)
        assert (refused.returncode, words in refused.stderr, "key" in refused.stderr) == (1, True, False), document
    for option in ("--issuer-key", "--device-key", "--passkey-key"):
        refused = await verify(receipt, option, "abcd")
        assert f"{option} is neither a public key nor a key id." in refused.stderr
    subscription = await verify(await receipt_of(world, reason="subscription"), *given(known(world)))
    assert "a subscription: the shop may charge up to this amount again, without asking" in subscription.stdout
