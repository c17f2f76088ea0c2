"""An agent with a shell of the person's: it tries to teach the egress a destination of its own, or to be there when a person teaches."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from pathlib import Path

import pytest

from broker import admin
from broker.core.clock import SystemClock
from broker.install.layout import clone_root
from broker.protocol.egress import AskCoverage, EgressOutcome
from broker.releases.store import ReleaseStore
from broker.state import BrokerState
from tests.browser.teach.shop import CONFIRM, GIVEN, WITHOUT_A_WINDOW, Shop, open_shop
from tests.unit.egress.stand import standing
from tests.unit.egress.values import REAL, taught

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("teach"), pytest.mark.timeout(120)]

# What makes programs take a pipe for a terminal.
PRETENDING = {
    "FORCE_COLOR": "1",
    "TTY_COMPATIBLE": "1",
    "TTY_INTERACTIVE": "1",
    "CI": "1",
    "TERM": "xterm-256color",
    "_TYPER_FORCE_TERMINAL": "1",
}


async def at_pipes(shop: Shop, *, ours_in: bool, ours_out: bool) -> str:
    """The command with a pipe at one end or both, answered yes to everything."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "broker.cli", "--state", str(shop.folder), "teach", f"{shop.origin}/checkout",
        stdin=asyncio.subprocess.PIPE if ours_in else theirs, stdout=asyncio.subprocess.PIPE if ours_out else theirs,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, **PRETENDING, "PYTHONPATH": str(clone_root())},
    )  # fmt: skip
    os.close(theirs)
    _, said = await asyncio.wait_for(process.communicate(b"y\n" * 20 if ours_in else None), 60)
    os.close(ours)
    assert process.returncode == 1
    return said.decode()


@pytest.mark.parametrize(("ours_in", "ours_out"), [(True, True), (True, False), (False, True)])
async def test_a_pipe_teaches_nothing_whatever_the_environment_says(tmp_path: Path, ours_in: bool, ours_out: bool) -> None:
    async with open_shop(tmp_path) as shop:
        said = await at_pipes(shop, ours_in=ours_in, ours_out=ours_out)
        assert "Only a person at a terminal teaches" in said
        assert shop.taught == ()


async def open_release(folder: Path) -> None:
    """An agent has asked, and nobody has decided."""
    database, clock = BrokerState(folder).open_database(), SystemClock()
    try:
        await ReleaseStore(database, clock).create("rel_1", "agent_1", b"h" * 32, None, clock.now_ms() + 60_000)
    finally:
        await asyncio.to_thread(database.close)


async def test_nothing_is_taught_while_an_agent_shops(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await open_release(tmp_path)
        async with shop.lesson() as terminal:
            assert await terminal.ends() == 1
        said = " ".join(terminal.said.split())
        assert "Release rel_1 is not finished (pending)." in said
        assert "releases cancel ID" in said
        assert "Pay with this number" not in said


async def test_an_agent_that_begins_to_shop_during_a_lesson_ends_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, shop.lesson() as terminal:
        await shop.asked(terminal)
        await open_release(tmp_path)
        terminal.types("y")
        assert await terminal.ends() == 1
        assert "Release rel_1 is not finished" in terminal.said
        assert shop.taught == ()


@pytest.mark.parametrize("port", ["0", "9339"])
async def test_a_browser_that_somebody_else_can_drive_teaches_nothing(tmp_path: Path, port: str) -> None:
    async with open_shop(tmp_path) as shop, shop.lesson((*WITHOUT_A_WINDOW, f"--remote-debugging-port={port}")) as terminal:
        assert await terminal.ends() == 1
        assert "another program can do in it what you do" in terminal.said
        assert "Pay with this number" not in terminal.said


async def test_a_browser_on_a_profile_of_somebody_elses_teaches_nothing(tmp_path: Path) -> None:
    script = tmp_path / "browser"
    async with open_shop(tmp_path) as shop, shop.lesson() as terminal:
        await terminal.reads(GIVEN)
    words = script.read_text().replace('"$@"', f"$(echo \"$@\" | sed 's#--user-data-dir=[^ ]*#--user-data-dir={tmp_path}/mine#')")
    script.write_text(words)
    async with (
        open_shop(tmp_path / "again") as shop,
        shop.terminal("teach", f"{shop.origin}/checkout", "--browser", str(script)) as terminal,
    ):
        assert await terminal.ends() == 1
        assert "No browser runs on the profile that was made for this lesson." in terminal.said


async def test_another_destination_does_not_pass_unnoticed_and_leaves_its_event(tmp_path: Path) -> None:
    """A person who says yes all the same: the log names the place, and no secret."""
    async with open_shop(tmp_path) as shop:
        async with shop.lesson() as terminal:
            await shop.asked(terminal)
            assert "! json-pay.localhost is another site than the shop's, shop.localhost." in terminal.said
            terminal.types("y")
            assert await terminal.ends() == 0
        (event,) = [event for event in admin.list_events(tmp_path) if event.name == "person:checkout:taught"]
        assert set(event.facts) == {"entryId", "origin", "destination", "confirmedBy"}
        assert (event.facts["origin"], event.facts["destination"]) == (shop.origin, "json-pay.localhost/charge/*")
        assert "acct_shop" not in json.dumps(event.facts)


async def test_the_name_under_which_it_is_taught_is_the_systems_not_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the-owner")
    async with open_shop(tmp_path) as shop:
        async with shop.lesson() as terminal:
            await shop.asked(terminal)
            terminal.types("y")
            assert await terminal.ends() == 0
        wire = json.loads((shop.stand.settings.folder / "taught.json").read_text())[0]
        assert wire["confirmedBy"] == pwd.getpwuid(os.getuid()).pw_name
        assert await shop.pay(account="acct_agent") is EgressOutcome.ACCOUNT_CHANGED


async def test_yes_is_no_default(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, shop.lesson() as terminal:
        given = await terminal.reads(GIVEN)
        shop.given.set_result((given[1], given[2]))
        await terminal.reads(CONFIRM)
        terminal.types("")
        assert shop.taught == ()


async def test_the_egresss_own_user_adds_a_destination_without_a_lesson_and_the_popup_is_told_of_it(tmp_path: Path) -> None:
    """What a lesson cannot stop. It is a line of the promise table, and this keeps the line true."""
    async with standing(tmp_path) as stand:
        shop, evil = stand.merchant.url("shop.localhost", ""), stand.merchant.url("json-pay.localhost", "/collect")
        entry = taught("json-pay.localhost", shop).wire() | {"path": "/collect", "confirmedBy": "the owner"}
        file = stand.settings.folder / "taught.json"
        file.write_text(json.dumps([entry]))
        file.chmod(0o600)
        told = await stand.client.coverage(AskCoverage(request_id="r", origin=shop, frame_origins=()))
        assert told.taught is not None
        assert (told.taught.hosts, told.taught.by) == (("json-pay.localhost",), "the owner")
        answered = await stand.send(await stand.arm(origin=shop), evil, top_origin=shop, frame_origin=shop)
        assert answered.outcome is EgressOutcome.SWAPPED
        assert REAL.encode() in stand.merchant.received[-1].body
