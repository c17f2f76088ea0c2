"""The world with an egress: shops that were taught, purchases in surrogate mode, and what could be read of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Frame, Page

from broker.client import Release
from broker.core.card_number import Pan
from broker.demo.developer import AGENT
from broker.demo.evidence import NumberSearch
from broker.demo.shops.kinds import Kind
from broker.demo.witness import Witness
from broker.egress.settings import Limits
from broker.egress.taught import write_taught
from broker.install import egress
from broker.issuer.admin import list_enrolled, number_of_card, revoke
from tests.browser.world import USES, World
from tests.unit.egress.values import taught_as

WAITS = "Waiting for the page to pay"
TAUGHT = (Kind.FORM, Kind.JSON, Kind.GRAPHQL, Kind.MULTIPART, Kind.WORKER)
"""The shops of which nobody can tell from their page how they pay."""


@dataclass(slots=True)
class Paying:
    """A checkout that holds a stand-in and is about to pay, and somebody who reads all of it."""

    world: World
    kind: Kind
    page: Page
    release: Release
    card_id: str
    stand_in: str
    witness: Witness
    held: str

    @property
    def number(self) -> Pan:
        """The real one."""
        return number_of_card(self.world.stage.state.path, self.card_id)

    async def press_pay(self) -> str:
        """The agent pays; what the shop says."""
        await self.page.get_by_role("button", name="Pay").click()
        await self.page.locator("#outcome").wait_for()
        return await self.page.inner_text("body")

    async def look(self) -> None:
        """Read all that there is."""
        self.held += (await self.witness.look(self.page)).text

    async def ended(self) -> Release:
        """How the release ended."""
        return await self.world.ended(self.release)

    def finds(self, number: Pan | str) -> bool:
        """Whether a number can be found in what was read."""
        return NumberSearch(number if isinstance(number, Pan) else Pan(number)).finds_in(self.held.encode())

    async def transaction(self) -> dict[str, Any] | None:
        """What LedgerOS booked for this release."""
        told = self.world.broker_events("issuer:token:introspected")
        access = next(event.facts["accessEventId"] for event in told if event.facts["releaseId"] == self.release.id)
        answer = await self.world.story.account.developer.call("GET", f"/v1/cards/{self.card_id}/transactions")
        return next((row for row in answer["data"] if row["accessEventId"] == access), None)


class SurrogateWorld:
    """`World` beside a running egress."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stage = world.stage
        self.shop = world.shop
        self._card = ""
        self._uses = 0

    def teach(self, *kinds: Kind) -> None:
        """A person taught these shops, and no others."""
        write_taught(self.stage.state.egress, tuple(taught_as(kind.value, self.shop.at(kind)) for kind in kinds))

    async def card(self) -> str:
        """A card with details left to ask for and money left: LedgerOS limits both, and how fast cards are made."""
        if self._uses % USES == 0:
            self._card = await self.world.own_card(type="multi", maxAmount=100_000)
        self._uses += 1
        return self._card

    def new_card(self) -> None:
        """The next card is one that nothing was paid with."""
        self._uses = 0

    async def paying(self, kind: Kind = Kind.FIRST_PARTY, page: Page | None = None) -> Paying:
        """A checkout and an approval: the form holds the stand-in."""
        card_id = await self.card()
        page = page or await self.world.open(kind=kind)
        witness = Witness(page.context)
        asked = self.world.ask(card_id, page.url)
        await self.world.approve(until=WAITS)
        release = await asked
        assert (release.status, release.mode) == ("paying", "surrogate"), release
        stand_in = await card_field(page, kind).input_value()
        return Paying(self.world, kind, page, release, card_id, stand_in.replace(" ", ""), witness, "")

    async def start(self, limits: Limits | None = None) -> None:
        """Start the egress, or again; the broker finds it when it is asked for."""
        await self.stage.start_egress(self.shop, limits)

    async def forget_modes(self) -> None:
        """The extension no longer knows how shops were paid."""
        await self.world.story.browser.context.service_workers[0].evaluate("() => chrome.storage.local.remove('modes')")


def card_field(page: Page, kind: Kind) -> Any:
    """The field of the number, in the page or in its frame."""
    where: Page | Frame = page if kind.fields_host is None else page.frames[1]
    return where.locator("[name=number], [name='card[number]']")


@asynccontextmanager
async def with_egress(world: World) -> AsyncIterator[SurrogateWorld]:
    """An egress for `world`, enrolled; revoked, stopped and forgotten afterwards."""
    surrogate, state, account = SurrogateWorld(world), world.stage.state, world.story.account
    before = account.agent_id, account.agent_token
    rich = AGENT | {"userId": account.user_id, "spendingLimit": 1_000_000}
    account.agent_id = (await account.developer.call("POST", "/v1/agents", rich))["id"]
    account.agent_token = await account.developer.agent_token(account.agent_id)
    await surrogate.start()
    await asyncio.to_thread(egress.enrol, state, await world.story.owner.enrolment_code("egress"))
    surrogate.teach(*TAUGHT)
    await surrogate.forget_modes()  # the shop was paid in direct mode in this browser before
    yield surrogate
    for enrolled in list_enrolled(state.path, "egress"):
        if enrolled["revoked_at"] is None:
            revoke(state.path, "egress", enrolled["id"])
    await world.stage.children["egress"].stop()
    await surrogate.forget_modes()
    account.agent_id, account.agent_token = before
