"""An approval on an intent takes one token at a time, whenever the second one comes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from broker.audit import metadata
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory
from broker.protocol.agent_api import CreateRelease, GiveToken, Release
from broker.protocol.channel import Approve, Deliver, Withdrawn
from broker.releases import Releases, ReleaseStore, Reporter
from broker.storage import Database
from tests.unit.releases.world import ORIGIN, Browsers, Clock, Egress, Ledger, decide


class HeldStore(ReleaseStore):
    """A disk that can be slow: `written` holds every step of a release back, `reached` says that one waits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self.written = asyncio.Event()
        self.reached = asyncio.Event()
        self.written.set()

    async def move(self, *arguments: Any, **columns: Any) -> bool:
        self.reached.set()
        await self.written.wait()
        return await super().move(*arguments, **columns)

    def hold(self) -> None:
        self.reached.clear()
        self.written.clear()


@dataclass
class World:
    """A broker's releases with one that a person approved on its intent."""

    releases: Releases
    ledger: Ledger
    browsers: Browsers
    store: HeldStore
    release_id: str

    async def give(self) -> Release:
        token = GiveToken(details_token="tok_" + secrets.token_urlsafe(32))
        return await self.releases.give_token("agt_1", self.release_id, token)

    async def until(self, count: int) -> None:
        """Wait until LedgerOS was asked to redeem `count` times."""
        async with asyncio.timeout(5):
            while len(self.ledger.waiting) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def delivered(self) -> int:
        await self.releases._desk.settle(5_000)
        return sum(isinstance(message, Deliver) for _, message in self.browsers.sent)


@asynccontextmanager
async def approved(folder: Path) -> AsyncIterator[World]:
    clock = Clock()
    ledger, browsers = Ledger(clock), Browsers()
    ledger.cards["int_1"] = "card_1"
    with Database(folder / "broker.db", metadata, 1) as database:
        store = HeldStore(database, clock)
        releases = Releases(
            store=store, issuer=ledger, courier=browsers, egress=Egress(),
            reporter=Reporter(store, ledger), clock=clock, ids=IdFactory(clock), broker_id="brk_1",
        )  # fmt: skip
        await releases.start()
        browsers.online.append("dev_a")
        asked = await releases.request("agt_1", CreateRelease(intent_id="int_1", origin=ORIGIN))
        ((device, offer),) = browsers.offers()
        signed = decide(offer, releases._desk.live[asked.id].facts, clock)
        await releases.browser_said(device, Approve(release_id=asked.id, signed=signed))
        yield World(releases, ledger, browsers, store, asked.id)
        store.written.set()
        await releases.close()


async def test_no_second_token_while_the_answer_to_the_first_is_written_down(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.store.hold()
        world.ledger.waiting[0].set_result("sealed")
        await world.store.reached.wait()
        with pytest.raises(LedgerError, match="does not wait for a token"):
            await world.give()
        world.store.written.set()
        assert await world.delivered() == len(world.ledger.redeems) == 1


async def test_of_two_tokens_at_once_one_is_taken(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        given = await asyncio.gather(world.give(), world.give(), return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in given) == ["LedgerError", "Release"]
        await world.until(1)
        world.ledger.waiting[0].set_result("sealed")
        assert await world.delivered() == len(world.ledger.redeems) == 1


async def test_a_withdrawal_while_the_answer_is_written_down_delivers_nothing_and_leaves_nothing_open(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.store.hold()
        world.ledger.waiting[0].set_result("sealed")
        await world.store.reached.wait()
        ended = await world.releases.withdraw("agt_1", world.release_id)
        world.store.written.set()
        assert await world.delivered() == 0
        assert ended.outcome == "withdrawn"
        assert set(world.ledger.closed) == set(world.ledger.opened), "what the redeem opened is closed"
        assert isinstance(world.browsers.sent[-1][1], Withdrawn)


async def test_a_token_given_as_the_agent_withdraws_delivers_nothing(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        withdrawn, _ = await asyncio.gather(world.releases.withdraw("agt_1", world.release_id), world.give(), return_exceptions=True)
        assert isinstance(withdrawn, Release)
        assert withdrawn.outcome == "withdrawn"
        with pytest.raises(LedgerError, match="finished"):
            await world.give()
        for redeem in world.ledger.waiting:
            redeem.set_result("sealed")
        assert await world.delivered() == 0
        assert set(world.ledger.closed) == set(world.ledger.opened)


@pytest.mark.parametrize("turns", range(12))
async def test_a_withdrawal_as_ledgeros_answers_is_either_in_time_or_refused(tmp_path: Path, turns: int) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.ledger.waiting[0].set_result("sealed")
        for _ in range(turns):
            await asyncio.sleep(0)
        (ended,) = await asyncio.gather(world.releases.withdraw("agt_1", world.release_id), return_exceptions=True)
        if isinstance(ended, LedgerError):
            assert (ended.code, await world.delivered()) == ("too_late", 1)
        else:
            assert isinstance(ended, Release)
            assert (ended.outcome, await world.delivered()) == ("withdrawn", 0)
            assert set(world.ledger.closed) == set(world.ledger.opened)
