"""A shop that pays by itself with the number of a lesson, and the terminal in which a person is taught by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from broker.demo.terminal import Terminal, browser_script
from broker.egress.taught import read_taught, write_taught
from broker.install.browsers import chromium_path
from broker.install.egress import write_settings
from broker.install.layout import StateFolder
from broker.protocol.egress import EgressOutcome
from tests.unit.egress.merchant import Received, answering
from tests.unit.egress.stand import FORM, Stand, standing
from tests.unit.egress.values import SURROGATE, SURROGATE_CODE

GIVEN = r"((?:\d{4} ){3}\d{4}), security code (\d{3})"
NEXT_TIME = r"Will it be another one at the next purchase\?.*\[y/N\]: "
CONFIRM = r"may the real number go there from now on\? \[y/N\]: "
WITHOUT_A_WINDOW = ("--headless=new", "--disable-gpu", "--ignore-certificate-errors")

PAGE = """<!doctype html><script>
const sent = (body, headers = {}) => ({method: "POST", mode: "cors", body,
  headers: {"Content-Type": "application/x-www-form-urlencoded", ...headers}});
fetch("/log", sent("typed=NUMBER")).then(() => fetch("CHARGE", sent("card_number=SPACED&csc=CODE&account=acct_shop")));
</script>"""


class Shop:
    """Its page pays as soon as the person was given a number."""

    def __init__(self, stand: Stand, folder: Path) -> None:
        self.stand = stand
        self.folder = folder
        self.origin = stand.merchant.url("shop.localhost", "")
        self.given: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        stand.merchant.answer = self._answer

    def charge(self, order: str) -> str:
        """Where it sends the card."""
        return self.stand.merchant.url("json-pay.localhost", f"/charge/{order}?locale=en")

    async def _answer(self, received: Received, writer: asyncio.StreamWriter) -> None:
        page = b"{}"
        if received.line.startswith("GET /checkout"):
            spaced, code = await self.given
            text = PAGE.replace("NUMBER", spaced.replace(" ", "")).replace("SPACED", spaced.replace(" ", "+")).replace("CODE", code)
            page = text.replace("CHARGE", self.charge("83a1c290")).encode()
        await answering(page, "Content-Type: text/html", f"Access-Control-Allow-Origin: {self.origin}")(received, writer)

    async def pay(self, account: str = "acct_shop", order: str = "77f0e1d2") -> EgressOutcome:
        """A payment through the egress, for another order."""
        release = await self.stand.arm(origin=self.origin)
        body = f"card_number={SURROGATE}&csc={SURROGATE_CODE}&account={account}".encode()
        answered = await self.stand.send(release, self.charge(order), body, FORM, top_origin=self.origin, frame_origin=self.origin)
        return answered.outcome

    @property
    def taught(self) -> tuple[object, ...]:
        """What the egress was taught."""
        return read_taught(self.stand.settings.folder)

    @asynccontextmanager
    async def lesson(self, flags: Sequence[str] = WITHOUT_A_WINDOW) -> AsyncIterator[Terminal]:
        """``ledgeros teach`` in a terminal, with a browser of these flags."""
        browser = browser_script(self.folder / "browser", [chromium_path(), *flags])
        async with self.terminal("teach", f"{self.origin}/checkout", "--browser", str(browser)) as terminal:
            yield terminal

    def terminal(self, *words: str) -> Terminal:
        """A command on this state folder, in a terminal."""
        return Terminal(["--state", str(self.folder), *words])

    async def asked(self, terminal: Terminal) -> None:
        """The person refuses the log, says that the order's number is another one the next time, and is asked about the payment."""
        given = await terminal.reads(GIVEN)
        self.given.set_result((given[1], given[2]))
        await terminal.reads(CONFIRM)
        terminal.types("n")
        await terminal.reads(NEXT_TIME)
        terminal.types("y")
        await terminal.reads(CONFIRM)


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    """A shop and an egress of a state folder."""
    async with standing(folder) as stand:
        write_settings(StateFolder(folder), sandbox=True)
        write_taught(stand.settings.folder, ())
        yield Shop(stand, folder)
