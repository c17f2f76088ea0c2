"""``ledgeros teach`` with a real Chromium: a shop is shown once, and from then on the egress pays there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from broker.demo.browser import chromium_path
from broker.egress.taught import read_taught, write_taught
from broker.install.egress import write_settings
from broker.install.layout import StateFolder
from broker.protocol.egress import EgressOutcome
from tests.unit.egress.merchant import Received, answering
from tests.unit.egress.stand import FORM, Stand, standing
from tests.unit.egress.values import SURROGATE, SURROGATE_CODE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("teach"), pytest.mark.timeout(120)]
ROOT = Path(__file__).resolve().parents[3]

PAGE = """<!doctype html><script>
const form = (body) => ({method: "POST", mode: "no-cors", headers: {"Content-Type": "application/x-www-form-urlencoded"}, body});
fetch("/log", form("typed=NUMBER")).then(() => fetch("CHARGE", form("card_number=SPACED&csc=CODE&name=Ada")));
</script>"""


class Shop:
    """A shop whose page pays by itself with the number that the person was given."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.origin = stand.merchant.url("shop.localhost", "")
        self.charge = stand.merchant.url("json-pay.localhost", "/charge/ord_83a1c290?locale=en")
        self.number: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        stand.merchant.answer = self._answer

    async def _answer(self, received: Received, writer: asyncio.StreamWriter) -> None:
        page = b"{}"
        if received.line.startswith("GET /checkout"):
            spaced, code = await self.number
            text = PAGE.replace("NUMBER", spaced.replace(" ", "")).replace("SPACED", spaced.replace(" ", "+")).replace("CODE", code)
            page = text.replace("CHARGE", self.charge).encode()
        await answering(page, "Content-Type: text/html")(received, writer)

    async def pay(self) -> EgressOutcome:
        release = await self.stand.arm(origin=self.origin)
        body = f"card_number={SURROGATE}&csc={SURROGATE_CODE}&name=Ada".encode()
        charge = self.stand.merchant.url("json-pay.localhost", "/charge/ord_77f0e1d2?locale=en")
        answered = await self.stand.send(release, charge, body, FORM, top_origin=self.origin, frame_origin=self.origin)
        return answered.outcome


def browser_without_a_window(folder: Path) -> Path:
    script = folder / "browser"
    script.write_text(f'#!/bin/sh\nexec {chromium_path()} "$@" --headless=new --disable-gpu --ignore-certificate-errors\n')
    script.chmod(0o700)
    return script


async def run_teach(shop: Shop, folder: Path, answers: str) -> tuple[int, str]:
    """The command as a person runs it; all that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "broker.cli", "--state", str(folder), "teach", f"{shop.origin}/checkout",
        "--browser", str(browser_without_a_window(folder)),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    first = (await process.stdout.readline()).decode()
    given = re.search(r"((?:\d{4} ){3}\d{4}), security code (\d{3})", first)
    assert given, first
    shop.number.set_result((given[1], given[2]))
    process.stdin.write(answers.encode())
    process.stdin.write_eof()  # and then the terminal is closed
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, first + said.decode()


async def test_a_shop_that_was_shown_once_is_paid_through_the_egress(tmp_path: Path) -> None:
    async with standing(tmp_path) as stand:
        write_settings(StateFolder(tmp_path), sandbox=True)
        write_taught(stand.settings.folder, ())
        shop = Shop(stand)
        assert await shop.pay() is EgressOutcome.NOT_REGISTERED
        code, said = await run_teach(shop, tmp_path, "n\ny\n")
        assert code == 0, said
        (entry,) = read_taught(stand.settings.folder)
        assert (entry.origin, entry.host, entry.path, entry.query) == (shop.origin, "json-pay.localhost", "/charge/*", ("locale",))
        assert (entry.fields.number, entry.fields.security_code) == ("card_number", "csc")
        assert "/log" in said
        assert "number in field       card_number" in said
        assert await shop.pay() is EgressOutcome.SWAPPED


async def test_what_the_person_does_not_confirm_is_not_taught(tmp_path: Path) -> None:
    async with standing(tmp_path) as stand:
        write_settings(StateFolder(tmp_path), sandbox=True)
        write_taught(stand.settings.folder, ())
        shop = Shop(stand)
        code, said = await run_teach(shop, tmp_path, "n\n")
        assert code != 0, said
        assert read_taught(stand.settings.folder) == ()
        assert await shop.pay() is EgressOutcome.NOT_REGISTERED
