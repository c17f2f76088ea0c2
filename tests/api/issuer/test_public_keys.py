"""The public keys that verify a receipt can be read where a reviewer looks, whole and by their ids; and nothing else of a key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from broker.core.canonical import b64u
from broker.protocol.sealing import key_id
from tests.adversary.command_line import ledgeros
from tests.api.issuer.harness import World


def keys_of(world: World) -> dict[str, bytes]:
    device = world.device
    return {
        "issuer": world.issuer.context.keys.signing.public_key().public_bytes_raw(),
        "device": device.signing.public_key().public_bytes_raw(),
        "passkey": device.passkey.public_key,
    }


async def test_the_dashboard_shows_every_key_that_a_receipt_relies_on(world: World) -> None:
    page = (await world.owner.get("/brokers")).text
    for name, key in keys_of(world).items():
        assert f'data-copy="{key_id(key)}"' in page, name
        assert f'data-copy="{b64u(key)}"' in page, name
    assert b64u(world.device.sealing.public_key().public_bytes_raw()) not in page, "which verifies nothing"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(("devices", "list", "--of", "issuer"), "device"), (("passkeys", "list"), "passkey"), (("issuer", "key"), "issuer")],
)
async def test_the_command_line_lists_them_too(world: World, arguments: tuple[str, ...], name: str) -> None:
    key, state = keys_of(world)[name], world.issuer.context.state.root
    shown, told = await asyncio.gather(ledgeros(*arguments, state=state), ledgeros(*arguments, "--json", state=state))
    assert key_id(key) in shown.stdout, shown.stderr
    answer = json.loads(told.stdout)
    line = answer[0] if isinstance(answer, list) else answer
    assert (line["keyId"], line["publicKey"]) == (key_id(key), b64u(key))


async def test_looking_for_ledgeros_key_makes_none(tmp_path: Path) -> None:
    done = await ledgeros("issuer", "key", state=tmp_path)
    assert (done.returncode, "LedgerOS has not run on this state folder yet." in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
