"""Everybody around one LedgerOS: its world, a second broker, an egress, a standing rule. Made once a process, copied for each walk."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.core.ids import IdFactory
from tests.api.issuer.harness import World, known_world, running_world
from tests.api.issuer.parties import BrokerPeer, Egress, broker_peer
from tests.api.issuer.serving import FAST, running_issuer

SECOND = "brk_second"
_STAND_INS = 2
"""How many there are for each last four: enough that none is left is met now and then."""
_SETTINGS = FAST.model_copy(update={"details_per_hour": 1_000})  # a walk asks for more than ten an hour


@dataclass
class Parties:
    """A LedgerOS and who calls it; `rule` is a standing rule of the world's browser."""

    world: World
    second: BrokerPeer
    egress: Egress
    rule: str
    cards: list[str]

    @property
    def brokers(self) -> list[BrokerPeer]:
        return [self.world.broker, self.second]


@dataclass(frozen=True)
class _Template:
    folder: tempfile.TemporaryDirectory[str]
    egress: Egress
    rule: str
    cards: list[str]
    signatures: int


_templates: list[_Template] = []


async def _template() -> _Template:
    """The codes in it are slow by design."""
    if not _templates:
        folder = tempfile.TemporaryDirectory(prefix="ledgeros-parties-")
        async with running_world(Path(folder.name)) as world, broker_peer(world.issuer, SECOND) as second:
            assert (await second.enrol(await world.owner.create_code("broker"))).status == 200
            await world.call("PATCH", f"/v1/agents/{world.agent_id}", {"spendingLimit": 10_000_000})
            cards = [await world.new_card(), await world.new_card(), await world.new_card(type="single", maxAmount=10_000)]
            bounds = {"modes": ["direct", "surrogate"], "countPerDay": 1_000}
            rule = world.device.grant(world.agent_id, world.clock.now_ms(), **bounds)
            assert (await world.broker.post("grants", rule.wire())).status == 200
            egress = await world.egress()
            _templates.append(_Template(folder, egress, rule.grant.grant_id, cards, world.device.passkey.count))
    return _templates[0]


@asynccontextmanager
async def running_parties(root: Path) -> AsyncIterator[Parties]:
    """All of them on a copy under `root`. Ids are drawn in order, so that a walk is the same each time; stand-ins are scarce."""
    made = await _template()
    shutil.copytree(made.folder.name, root, dirs_exist_ok=True)
    async with running_issuer(root, _SETTINGS) as issuer, known_world(issuer) as world, broker_peer(issuer, SECOND) as second:
        drawn = itertools.count()
        issuer.context.ids = IdFactory(issuer.clock, lambda size: next(drawn).to_bytes(size, "big"))
        issuer.context.randomness = lambda size: (next(drawn) % _STAND_INS).to_bytes(size, "big")
        world.device.passkey.count = made.signatures
        yield Parties(world, second, made.egress, made.rule, made.cards)
