"""``ledgeros teach`` with a real Chromium: a shop is shown once, and from then on the egress pays there."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import admin
from broker.protocol.egress import EgressOutcome
from tests.browser.teach.shop import GIVEN, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("teach"), pytest.mark.timeout(120)]


async def test_a_shop_that_was_shown_once_is_paid_through_the_egress(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        assert await shop.pay() is EgressOutcome.NOT_REGISTERED
        async with shop.lesson() as terminal:
            await shop.asked(terminal)
            terminal.types("y")
            assert await terminal.ends() == 0, terminal.said
        assert "/log" in terminal.said
        assert "number in field       card_number" in terminal.said
        assert "only at the account   field account = acct_shop" in terminal.said
        assert "! json-pay.localhost is another site than the shop's, shop.localhost." in terminal.said
        wire = json.loads((shop.stand.settings.folder / "taught.json").read_text())[0]
        assert (wire["origin"], wire["host"], wire["path"], wire["query"]) == (shop.origin, "json-pay.localhost", "/charge/*", ["locale"])
        assert wire["fields"] == {"number": "card_number", "securityCode": "csc"}
        assert await shop.pay() is EgressOutcome.SWAPPED
        assert await shop.pay(account="acct_thief") is EgressOutcome.ACCOUNT_CHANGED


async def test_what_the_person_does_not_confirm_is_not_taught(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        async with shop.lesson() as terminal:
            await shop.asked(terminal)
            terminal.types("n")
        assert shop.taught == ()
        assert await shop.pay() is EgressOutcome.NOT_REGISTERED
        assert not [event for event in admin.list_events(tmp_path) if event.name.startswith("person:checkout")]


async def test_what_was_taught_is_listed_and_forgotten_with_an_event_each(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        async with shop.lesson() as terminal:
            await shop.asked(terminal)
            terminal.types("y")
            assert await terminal.ends() == 0
        async with shop.terminal("teach", "list") as listed:
            assert await listed.ends() == 0
        (entry_id,) = [entry["id"] for entry in json.loads((shop.stand.settings.folder / "taught.json").read_text())]
        assert entry_id in listed.said
        assert "json-pay.localhost/charge/*" in listed.said
        async with shop.terminal("teach", "forget", entry_id) as forgetting:
            assert await forgetting.ends() == 0
        async with shop.terminal("teach", "forget", entry_id) as again:
            assert await again.ends() == 1
        assert shop.taught == ()
        assert await shop.pay() is EgressOutcome.NOT_REGISTERED
        events = [event for event in admin.list_events(tmp_path) if event.name.startswith("person:checkout")]
        assert [event.name for event in events] == ["person:checkout:taught", "person:checkout:forgotten"]
        for event in events:
            assert (event.facts["entryId"], event.facts["origin"]) == (entry_id, shop.origin)
            assert event.facts["destination"] == "json-pay.localhost/charge/*"
            assert "acct_shop" not in json.dumps(event.facts)


async def test_a_browser_that_opens_no_window_is_said_before_any_number_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with open_shop(tmp_path) as shop, shop.lesson(flags=()) as terminal:
        assert await terminal.ends() == 1
    said = " ".join(terminal.said.split())
    assert "ended before it had opened a window. Neither DISPLAY nor WAYLAND_DISPLAY is set." in said
    assert "Pay with this number" not in terminal.said


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where profiles are made; its path is short, since Chromium makes a socket there."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


async def test_a_browser_that_is_closed_teaches_nothing_and_says_so(tmp_path: Path, profiles: Path) -> None:
    async with open_shop(tmp_path) as shop, shop.lesson() as terminal:
        await terminal.reads(GIVEN)
        (profile,) = profiles.glob("ledgeros-teach-*")
        (pid,) = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _is_browser_of(profile, path)]
        os.kill(pid, signal.SIGTERM)
        assert await terminal.ends() == 1
    assert "The browser was closed. Nothing was taught." in terminal.said


def _is_browser_of(profile: Path, cmdline: Path) -> bool:
    """The browser's own process, not one of its children; other lessons of this machine have other profiles."""
    try:
        words = cmdline.read_bytes().split(b"\0")
    except OSError:
        return False
    return f"--user-data-dir={profile}".encode() in words and not any(word.startswith(b"--type=") for word in words)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_however_a_lesson_ends_its_browsers_profile_goes(tmp_path: Path, profiles: Path, end: signal.Signals) -> None:
    async with open_shop(tmp_path) as shop, shop.lesson() as terminal:
        await terminal.reads(GIVEN)
        assert list(profiles.glob("ledgeros-teach-*")), "there is one"
        terminal.sends(end)
        assert await terminal.ends() != 0
    assert not list(profiles.glob("ledgeros-teach-*"))


@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        ("http://example.com", (), "The shop is not https"),
        ("example.com", (), "That is not a web address."),
        ("https://shop.example", ("--browser", "/nowhere/chromium"), "--browser names no program."),
    ],
)
async def test_what_cannot_be_taught_is_said_at_once(tmp_path: Path, url: str, options: tuple[str, ...], words: str) -> None:
    async with open_shop(tmp_path) as shop, shop.terminal("teach", url, *options) as terminal:
        assert await terminal.ends() == 1
    assert words in terminal.said
    assert "Pay with this number" not in terminal.said


async def test_the_browser_that_the_environment_names_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = tmp_path / "started"
    mine = tmp_path / "mine"
    mine.write_text(f"#!/bin/sh\ntouch '{started}'\n")
    mine.chmod(0o700)
    monkeypatch.setenv("LEDGEROS_CHROMIUM", str(mine))
    async with open_shop(tmp_path / "state") as shop, shop.terminal("teach", f"{shop.origin}/checkout") as terminal:
        assert await terminal.ends() == 1
    assert started.exists()
    monkeypatch.setenv("LEDGEROS_CHROMIUM", "/nowhere/chromium")
    async with open_shop(tmp_path / "other") as shop, shop.terminal("teach", f"{shop.origin}/checkout") as terminal:
        assert await terminal.ends() == 1
    assert "LEDGEROS_CHROMIUM names no program." in terminal.said
