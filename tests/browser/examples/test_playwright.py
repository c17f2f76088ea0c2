"""The Playwright examples buy in a real browser, as a process that holds nothing but its configuration file."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.api.client.node import NODE, build_client
from tests.browser.world import ANSWER_SECONDS, World

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
ROOT = EXAMPLES.parents[1]


def write_configuration(world: World, folder: Path) -> Path:
    account, state = world.story.account, world.stage.state
    file = folder / "agent.json"
    file.touch(mode=0o600)
    members = {
        "ledgerUrl": state.issuer_endpoints()["publicUrl"], "brokerUrl": state.broker_endpoints()["agentUrl"],
        "caFile": str(account.ca_file), "agentToken": account.agent_token, "brokerCredential": account.broker_credential,
    }  # fmt: skip
    file.write_text(json.dumps(members))
    return file


async def buy(world: World, folder: Path, *command: str) -> list[str]:
    """What the example prints while a person approves."""
    browser, checkout = f"http://127.0.0.1:{world.story.browser.port}", world.shop.origin + "/checkout"
    given = [str(write_configuration(world, folder)), await world.own_card(), browser, checkout, "4990"]
    process = await asyncio.create_subprocess_exec(
        *command, *given, cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await world.approve()
        printed, complaints = await asyncio.wait_for(process.communicate(), ANSWER_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()
    return printed.decode().splitlines()


async def test_the_python_example_buys(world: World, tmp_path: Path) -> None:
    printed = await buy(world, tmp_path, sys.executable, "-P", str(EXAMPLES / "playwright_checkout.py"))
    assert printed[0] == "filled"
    assert "Paid" in printed[-1]


@pytest.fixture
def node_folder(tmp_path: Path) -> Path:
    """A folder as npm leaves it: the client, and Playwright's own package."""
    build_client(tmp_path)
    shutil.copy(EXAMPLES / "playwright_checkout.mts", tmp_path)
    return tmp_path


async def test_the_typescript_example_buys(world: World, node_folder: Path) -> None:
    printed = await buy(world, node_folder, str(NODE), "playwright_checkout.mts")
    assert printed[0] == "filled"
    assert "Paid" in printed[-1]
