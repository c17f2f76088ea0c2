"""An approval on an intent takes one token at a time, whenever the second one comes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from broker.audit import metadata
from broker.core.errors import LedgerError
from broker.core.ids import IdFactory
from broker.protocol.agent_api import CreateRelease, GiveToken, Release
from broker.protocol.channel import Approve, Deliver, DeliverSurrogate, Result, Stop, Withdrawn
from broker.protocol.decision import Mode
from broker.protocol.egress import Arm, Armed, Fault
from broker.protocol.outcomes import Outcome
from broker.releases import Releases, ReleaseStore, Reporter
from broker.storage import Database
from tests.unit.releases.world import ORIGIN, Browsers, Clock, Egress, Ledger, decide


class HeldStore(ReleaseStore):
    """A disk that can be slow: `written` holds every step of a release back, `reached` says that one waits.

    With `hold` ``after`` the step is on disk and only its answer is late. `finishing`: an end is being written.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self.written = asyncio.Event()
        self.reached = asyncio.Event()
        self.finishing = asyncio.Event()
        self.written.set()
        self.when: Literal["before", "after"] = "before"

    async def move(self, *arguments: Any, **columns: Any) -> bool:
        moved = await super().move(*arguments, **columns) if self.when == "after" else None
        self.reached.set()
        await self.written.wait()
        return await super().move(*arguments, **columns) if moved is None else moved

    async def finish(self, *arguments: Any) -> bool:
        self.finishing.set()
        return await super().finish(*arguments)

    def hold(self, when: Literal["before", "after"] = "before") -> None:
        self.when = when
        self.reached.clear()
        self.written.clear()


class SlowEgress(Egress):
    """Takes its time to hold a card."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def arm(self, message: Arm) -> Armed | Fault:
        self.asked.set()
        await self.answers.wait()
        return await super().arm(message)


@dataclass
class World:
    """A broker's releases with one that a person approved on its intent."""

    releases: Releases
    ledger: Ledger
    browsers: Browsers
    store: HeldStore
    egress: SlowEgress
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
        return sum(isinstance(message, Deliver | DeliverSurrogate) for _, message in self.browsers.sent)


@asynccontextmanager
async def approved(folder: Path, mode: Mode = "direct") -> AsyncIterator[World]:
    clock = Clock()
    ledger, browsers = Ledger(clock), Browsers()
    ledger.cards["int_1"] = "card_1"
    with Database(folder / "broker.db", metadata, 1) as database:
        store = HeldStore(database, clock)
        egress = SlowEgress()
        releases = Releases(
            store=store, issuer=ledger, courier=browsers, egress=egress,
            reporter=Reporter(store, ledger), clock=clock, ids=IdFactory(clock), broker_id="brk_1",
        )  # fmt: skip
        await releases.start()
        browsers.online.append("dev_a")
        asked = await releases.request("agt_1", CreateRelease(intent_id="int_1", origin=ORIGIN))
        ((device, offer),) = browsers.offers()
        signed = decide(offer, releases._desk.live[asked.id].facts, clock, mode=mode)
        await releases.browser_said(device, Approve(release_id=asked.id, signed=signed))
        yield World(releases, ledger, browsers, store, egress, asked.id)
        store.written.set()
        egress.answers.set()
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


async def closed(world: World) -> bool:
    """Whether no window is left open, once everything that runs on its own is done."""
    await world.releases._desk.settle(5_000)
    await world.releases._desk.reporter.drained()
    return set(world.ledger.closed) == set(world.ledger.opened) != set()


async def test_a_withdrawal_once_it_is_written_down_that_the_card_is_on_its_way_still_delivers_nothing(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.store.hold("after")
        world.ledger.waiting[0].set_result("sealed")
        await world.store.reached.wait()
        assert (await world.releases.get("agt_1", world.release_id)).status == "filling"
        withdrawing = asyncio.create_task(world.releases.withdraw("agt_1", world.release_id))
        await world.store.finishing.wait()
        world.store.written.set()  # at the same moment as the withdrawal is being written
        assert (await withdrawing).outcome == "withdrawn"
        assert await world.delivered() == 0
        assert await closed(world)


async def test_a_withdrawal_while_the_egress_takes_the_card_delivers_no_stand_in_and_the_egress_forgets(tmp_path: Path) -> None:
    async with approved(tmp_path, "surrogate") as world:
        await world.give()
        await world.until(1)
        world.ledger.waiting[0].set_result("sealed")
        await world.egress.asked.wait()
        assert (await world.releases.withdraw("agt_1", world.release_id)).outcome == "withdrawn"
        world.egress.answers.set()
        assert await world.delivered() == 0
        assert (world.egress.armed, world.egress.held) == ([world.release_id], set())
        assert await closed(world)


async def test_once_the_card_was_handed_over_a_withdrawal_is_too_late(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.ledger.waiting[0].set_result("sealed")
        assert await world.delivered() == 1
        with pytest.raises(LedgerError, match="with the browser already"):
            await world.releases.withdraw("agt_1", world.release_id)
        assert world.ledger.closed == []


async def test_an_unanswered_redeem_on_an_intent_leaves_no_window_open(tmp_path: Path) -> None:
    """Nobody told the broker which token it was, so it names the release."""
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.ledger.waiting[0].set_result("lost")
        assert await world.delivered() == 0
        assert (await world.releases.get("agt_1", world.release_id)).outcome == "issuer_unavailable"
        assert await closed(world)


async def test_an_unanswered_redeem_of_a_second_token_closes_the_window_of_the_second(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        for answer in ("sealed", "lost"):
            await world.give()
            await world.until(1)
            world.ledger.waiting.pop().set_result(answer)
            await world.delivered()
            said = Result(release_id=world.release_id, outcome=Outcome.PAGE_CHANGED, fields=(), failed=())
            await world.releases.browser_said("dev_a", said)
        assert len(world.ledger.opened) == 2
        assert await closed(world)


async def test_a_release_that_ended_while_ledgeros_did_not_answer_leaves_no_window_open(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        await world.releases.browser_said("dev_a", Result(release_id=world.release_id, outcome=Outcome.TAB_CLOSED, fields=(), failed=()))
        assert (await world.releases.get("agt_1", world.release_id)).outcome == "tab_closed"
        world.ledger.waiting[0].set_result("lost")
        assert await world.delivered() == 0
        assert await closed(world)


async def test_a_stop_while_the_card_is_on_its_way_delivers_nothing(tmp_path: Path) -> None:
    async with approved(tmp_path) as world:
        await world.give()
        await world.until(1)
        world.store.hold("after")
        world.ledger.waiting[0].set_result("sealed")
        await world.store.reached.wait()
        stopping = asyncio.create_task(world.releases.browser_said("dev_a", Stop(release_id=world.release_id)))
        await world.store.finishing.wait()
        world.store.written.set()
        await stopping
        assert await world.delivered() == 0
        assert (await world.releases.get("agt_1", world.release_id)).outcome == "stopped"
        assert await closed(world)


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
