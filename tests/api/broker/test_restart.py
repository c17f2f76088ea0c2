"""A broker that is killed and comes back: a real process, SIGKILL, the same state folder."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from broker import admin, tlog
from broker.audit import read_events
from broker.client import BrokerClient
from broker.core.canonical import unb64u
from broker.protocol.channel import Offer, Withdrawn
from broker.protocol.denial import SignedDenial
from broker.protocol.outcomes import Outcome
from broker.protocol.sealing import key_id
from broker.state import BrokerState
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import FakeLedger
from tests.api.broker.harness import prepare_state
from tests.api.broker.waiting import ManualClock, eventually

RUN = "import sys; from pathlib import Path; from broker.app import run; run(Path(sys.argv[1]))"


@asynccontextmanager
async def broker_process(state: BrokerState) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, object]]]:
    """A broker in its own process; killed at the end if it still runs."""
    state.endpoints.unlink(missing_ok=True)  # a killed broker leaves its file behind
    log = (state.root / "broker.log").open("ab")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", RUN, str(state.root), stderr=log)
    try:
        await eventually(lambda: state.endpoints.exists() or process.returncode is not None, 20)
        yield process, json.loads(state.endpoints.read_bytes())
    finally:
        log.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_second_broker_on_the_same_state_does_not_start(tmp_path: Path) -> None:
    state = prepare_state(tmp_path)
    state.write_issuer("https://localhost:1", "https://localhost:1")
    with state.exclusive():
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", RUN, str(tmp_path), stderr=asyncio.subprocess.PIPE)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode != 0
    assert b"already runs" in errors
    assert not state.database.exists()


async def test_a_denial_that_ledgeros_has_not_heard_is_told_signed_after_a_restart(tmp_path: Path) -> None:
    state, clock = prepare_state(tmp_path), ManualClock()
    ledger = FakeLedger(state.pki, clock, state.identity().broker_id)
    browser = Browser(state.pki, clock)
    credential = (await asyncio.to_thread(admin.add_agent, tmp_path, "checkout-bot")).credential
    async with ledger.running():
        state.write_issuer(ledger.url, ledger.url)
        ledger.answers["outcomes"] = lambda: web.Response(status=503)
        async with broker_process(state) as (process, where):
            await browser.connect(int(str(where["channelPort"])), await asyncio.to_thread(admin.create_pairing_code, tmp_path))
            async with BrokerClient(str(where["agentUrl"]), credential, state.pki.ca_file) as agent:
                asked = await agent.request_release(ledger.mint())
                await browser.deny((await browser.expect(Offer)).release_id)
                assert (await agent.wait(asked.id)).outcome == "denied"
            await eventually(lambda: bool(ledger.called("outcomes")))
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            await browser.gone()
        told = len(ledger.called("outcomes"))
        del ledger.answers["outcomes"]
        async with broker_process(state):
            await eventually(lambda: len(ledger.called("outcomes")) > told)
    first, last = ledger.called("outcomes")[0]["denial"], ledger.called("outcomes")[-1]["denial"]
    assert first == last
    denial = SignedDenial.read(last)
    browser.signing.public_key().verify(unb64u(denial.device_signature), denial.denial.digest())


async def test_a_killed_broker_comes_back_and_says_what_happened(tmp_path: Path) -> None:
    state = prepare_state(tmp_path)
    clock = ManualClock()
    ledger = FakeLedger(state.pki, clock, state.identity().broker_id)
    browser = Browser(state.pki, clock)
    ledger.recipients[key_id(browser.sealing_key)] = browser.sealing_key
    credential = (await asyncio.to_thread(admin.add_agent, tmp_path, "checkout-bot")).credential
    async with ledger.running():
        state.write_issuer(ledger.url, ledger.url)
        async with broker_process(state) as (process, where):
            # The CLI makes a code while the broker runs.
            code = await asyncio.to_thread(admin.create_pairing_code, tmp_path)
            await browser.connect(int(str(where["channelPort"])), code)
            async with BrokerClient(str(where["agentUrl"]), credential, state.pki.ca_file) as agent:
                asked = await agent.request_release(ledger.mint())
                offer = await browser.expect(Offer)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            await browser.gone()
        async with broker_process(state) as (process, where):
            await browser.connect(int(str(where["channelPort"])))  # both sides kept their pins
            async with BrokerClient(str(where["agentUrl"]), credential, state.pki.ca_file) as agent:
                ended = await agent.wait(asked.id)
                assert ended.outcome == "interrupted"
                await browser.approve(offer)
                assert (await browser.expect(Withdrawn)).outcome is Outcome.INTERRUPTED
                again = await agent.request_release(ledger.mint())
                assert (await browser.expect(Offer)).release_id == again.id
                await eventually(lambda: bool(ledger.called("outcomes")))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
            await browser.gone()
    assert not state.endpoints.exists()
    assert not state.channel_file.exists()
    assert ledger.called("redeem") == []
    assert "interrupted" in {report["outcome"] for report in ledger.called("outcomes")}
    with state.open_database() as database:
        tlog.verify(database.read_now(read_events))
    log = (tmp_path / "broker.log").read_text()
    assert [json.loads(line) for line in log.splitlines()]
    assert credential not in log
