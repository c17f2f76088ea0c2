"""`Stack`: a real broker with its surroundings (`fake_ledger`, `fake_browser`, `waiting`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, TCPConnector

from broker.agent_api import AgentDirectory
from broker.app import BrokerSettings, RunningBroker, running_broker
from broker.audit import read_events
from broker.channel import PairingDesk
from broker.client import BrokerClient
from broker.core.ids import IdFactory
from broker.pki.contexts import client_context
from broker.protocol.sealing import key_id
from broker.state import BrokerState
from tests.api.broker.fake_browser import Browser
from tests.api.broker.fake_ledger import FakeLedger
from tests.api.broker.waiting import ManualClock, eventually


@dataclass
class Stack:
    """A running broker with its surroundings."""

    state: BrokerState
    clock: ManualClock
    ledger: FakeLedger
    settings: BrokerSettings
    broker: RunningBroker
    credential: str = field(repr=False)
    browsers: list[Browser] = field(default_factory=list)

    def client(self, credential: str | None = None) -> BrokerClient:
        return BrokerClient(self.broker.agent_url, credential or self.credential, self.state.pki.ca_file)

    async def pairing_code(self) -> str:
        desk = PairingDesk(self.broker.database, self.clock, IdFactory(self.clock))
        return await asyncio.to_thread(desk.create_code)

    async def browser(self) -> Browser:
        """A paired, connected browser whose key LedgerOS seals to."""
        browser = Browser(self.state.pki, self.clock)
        self.browsers.append(browser)
        self.ledger.recipients[key_id(browser.sealing_key)] = browser.sealing_key
        await browser.connect(self.broker.channel_port, await self.pairing_code())
        return browser

    async def events(self) -> list[str]:
        return [entry.name for entry in await self.broker.database.read(read_events)]

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """One call of the agent API, as plain HTTP."""
        tls, headers = client_context(self.state.pki), {"Authorization": f"Bearer {self.credential}"}
        async with (
            ClientSession(connector=TCPConnector(ssl=tls), headers=headers) as session,
            session.request(method, self.broker.agent_url + path, json=body) as response,
        ):
            return response.status, await response.json()

    async def happened(self, name: str) -> None:
        """Wait for an event of this name."""

        async def there() -> bool:
            return name in await self.events()

        await eventually(there)

    async def event_facts(self, name: str) -> list[dict[str, Any]]:
        return [entry.facts for entry in await self.broker.database.read(read_events) if entry.name == name]


def prepare_state(root: Path) -> BrokerState:
    """A state folder with certificates."""
    state = BrokerState(root)
    identity = state.identity("test broker")
    state.pki.initialise(identity.broker_id, "host_1")
    return state


@asynccontextmanager
async def running_stack(root: Path, **settings: Any) -> AsyncIterator[Stack]:
    """LedgerOS (the fake), a broker, and one agent."""
    state = prepare_state(root)
    clock = ManualClock()
    ledger = FakeLedger(state.pki, clock, state.identity().broker_id)
    async with ledger.running():
        state.write_issuer(ledger.url, ledger.url)
        chosen = BrokerSettings(**{"status_seconds": 60, **settings})
        async with running_broker(state, chosen, clock) as broker:
            directory = AgentDirectory(broker.database, clock, IdFactory(clock))
            agent = await asyncio.to_thread(directory.add, "checkout-bot")
            stack = Stack(state, clock, ledger, chosen, broker, agent.credential)
            yield stack
        for browser in stack.browsers:
            await browser.gone()
