"""``ledgeros egress``: its key enrolled at a running LedgerOS with a person's code, listed and revoked."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker import admin
from broker.core.canonical import b64u
from broker.core.errors import LedgerError
from broker.egress.keys import load_or_make
from broker.protocol.sealing import key_id
from broker.state import BrokerState
from tests.api.issuer.harness import World

ROOT = Path(__file__).resolve().parents[3]


async def egress(world: World, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    root = world.issuer.context.state.root
    BrokerState(root).write_issuer(world.issuer.context.addresses.broker_url, world.issuer.url)
    command = [sys.executable, "-P", "-m", "broker.cli", "--state", str(root), "egress", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return await asyncio.to_thread(subprocess.run, command, env=environment, input=given, capture_output=True, text=True, timeout=60)


async def test_the_egresss_key_is_made_enrolled_listed_and_revoked(world: World) -> None:
    root = world.issuer.context.state.root
    done = await egress(world, "enrol", given=await world.owner.create_code("egress"))
    assert done.returncode == 0, done.stderr
    public = load_or_make(root / "egress").public_key().public_bytes_raw()
    assert key_id(public) in done.stdout
    [row] = json.loads((await egress(world, "list", "--json")).stdout)
    assert (row["sealingKeyId"], row["revokedAt"]) == (key_id(public), None)
    assert (await egress(world, "revoke", row["id"])).returncode == 0
    [row] = json.loads((await egress(world, "list", "--json")).stdout)
    assert row["revokedAt"] is not None
    assert (await egress(world, "revoke", row["id"])).returncode == 1


async def test_the_key_of_another_users_egress_is_named_by_its_public_half(world: World) -> None:
    public = X25519PrivateKey.generate().public_key().public_bytes_raw()
    done = await egress(world, "enrol", "--public-key", b64u(public), given=await world.owner.create_code("egress"))
    assert key_id(public) in done.stdout
    assert not (world.issuer.context.state.root / "egress").exists()


@pytest.mark.parametrize(("code", "status"), [("0000-0000-0000-0000", 403), ("no code", 422)])
async def test_without_a_persons_code_no_egress_key_is_enrolled(world: World, code: str, status: int) -> None:
    root = world.issuer.context.state.root
    BrokerState(root).write_issuer(world.issuer.context.addresses.broker_url, world.issuer.url)
    public = X25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(LedgerError) as refused:
        await asyncio.to_thread(admin.enrol_egress, root, code, public)
    assert (refused.value.status, refused.value.code) == (status, "bad_code")
    assert "egress:egress:enrolled" not in world.issuer.names()
