"""The agent's file: written by the command line, read by the clients; and a request taken back from a terminal."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from broker.cli.root import app
from broker.client import Configuration, LedgerOS
from broker.core.errors import LedgerError
from broker.protocol.channel import Offer, Withdrawn
from tests.api.broker.fake_ledger import ORIGIN
from tests.api.client.harness import AGENT_TOKEN, Till


async def ledgeros(till: Till, *arguments: str, given: str = "") -> Any:
    return await asyncio.to_thread(CliRunner().invoke, app, ["--state", str(till.stack.state.root), *arguments], input=given)


def announce(till: Till) -> None:
    """What a LedgerOS and a broker that run leave in the state folder."""
    broker = till.stack.broker
    found: dict[str, dict[str, Any]] = {
        "issuer": {"publicUrl": till.ledger.url, "brokerUrl": till.stack.ledger.url, "pid": os.getpid()},
        "broker": {"agentUrl": broker.agent_url, "channelPort": broker.channel_port, "pid": os.getpid()},
    }
    for name, endpoints in found.items():
        folder = till.stack.state.root / name
        folder.mkdir(exist_ok=True)
        (folder / "endpoints.json").write_text(json.dumps(endpoints))


async def test_agents_add_writes_what_the_clients_read(till: Till, tmp_path: Path) -> None:
    announce(till)
    file = tmp_path / "agent.json"
    done = await ledgeros(till, "agents", "add", "shopper", "--file", str(file), given=AGENT_TOKEN + "\n")
    assert done.exit_code == 0, done.exception
    assert file.stat().st_mode & 0o777 == 0o600
    known = Configuration.read(file)
    assert known.broker_credential.startswith("bt_")
    assert known.broker_credential not in done.output
    assert AGENT_TOKEN not in done.output
    async with LedgerOS(known) as agent:
        assert [card.id for card in await agent.cards()] == ["card_1"]
        assert await agent.broker.releases() == []


async def test_a_file_that_is_there_stays_and_a_refusal_leaves_neither_file_nor_agent(till: Till, tmp_path: Path) -> None:
    announce(till)
    there, new = tmp_path / "there.json", tmp_path / "new.json"
    there.write_text("mine")
    refused = await ledgeros(till, "agents", "add", "one", "--file", str(there), given=AGENT_TOKEN)
    wrong = await ledgeros(till, "agents", "add", "two", "--file", str(new), given="lk_test_key\n")
    assert [type(done.exception) for done in (refused, wrong)] == [LedgerError, LedgerError]
    assert "lk_test_key" not in f"{wrong.exception} {wrong.output}"
    assert there.read_text() == "mine"
    assert not new.exists()
    listed = json.loads((await ledgeros(till, "agents", "list", "--json")).stdout)
    assert [agent["name"] for agent in listed] == ["checkout-bot"]


async def test_a_request_is_taken_back_from_the_terminal(till: Till) -> None:
    browser = await till.stack.browser()
    file = till.write_configuration()
    async with till.stack.client() as agent:
        asked = await agent.request_release(till.stack.ledger.mint(), origin=ORIGIN)
        await browser.expect(Offer)
        done = await ledgeros(till, "releases", "cancel", asked.id, "--config", str(file))
        assert done.exit_code == 0, done.exception
        assert (await agent.get(asked.id)).outcome == "withdrawn"
    assert (await browser.expect(Withdrawn)).release_id == asked.id
    again = await ledgeros(till, "releases", "cancel", "rel_none", "--config", str(file), "--json")
    assert isinstance(again.exception, LedgerError)
    assert again.exception.status == 404
    missing = await ledgeros(till, "releases", "cancel", asked.id, "--config", str(file.with_name("none.json")))
    assert isinstance(missing.exception, LedgerError)
    assert asked.id in (await ledgeros(till, "releases", "list")).stdout
    assert asked.id in (await ledgeros(till, "releases")).stdout
