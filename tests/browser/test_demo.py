"""``ledgeros demo``: two at once; each pays at its own kind of shop, measures its closing lines, and leaves nothing running."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.install.layout import clone_root

PAID = re.compile(r"demo: paid \$49\.90 at (https://[a-z-]+\.localhost:\d+) with card ending (\d{4})")
HIDDEN = "demo: number sent to the agent: no; readable in the page: no (surrogate mode)"
SHOWN = "demo: number sent to the agent: no; readable in the page: yes (direct mode)"
NUMBER = re.compile(r"424242[ -]?\d{2}(?:[ -]?\d{4}){2}")


@dataclass(frozen=True)
class Demo:
    """What is typed, at which shop it pays, what it says on the way, and its last line."""

    settings: tuple[str, ...]
    shop: str
    says: str
    measured: str


PROCESSORS_FRAME = Demo((), "hosted-shop", "The page will not see the number.", HIDDEN)
DIRECT = Demo(("MODE=direct",), "hosted-shop", "This page, and an agent that reads it, will see the number.", SHOWN)
TAUGHT = Demo(("SHOP=json",), "json-shop", "It goes to json-pay.localhost, as", HIDDEN)
ENCRYPTING = Demo(("SHOP=encrypting",), "encrypting-shop", "This checkout encrypts the card inside the page", SHOWN)


def start(demo: Demo) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(clone_root())}
    for name in ("HEADED", "MODE", "SHOP", "THEME"):
        environment.pop(name, None)
    command = [sys.executable, "-P", "-m", "broker.cli", "demo", *demo.settings]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("demos", [(PROCESSORS_FRAME, DIRECT), (TAUGHT, ENCRYPTING)], ids=["registry", "lesson"])
def test_two_demos_at_once_pay_and_their_last_lines_are_measured(demos: tuple[Demo, Demo]) -> None:
    running = [start(demo) for demo in demos]
    outputs = [process.communicate(timeout=200)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(outputs)
    shops = set()
    for demo, output in zip(demos, outputs, strict=True):
        *_, paid, measured = output.strip().splitlines()
        match = PAID.fullmatch(paid)
        assert match, paid
        assert match[1].startswith(f"https://{demo.shop}.localhost:")
        shops.add(match[1])
        assert measured == demo.measured
        assert demo.says in output
        assert not NUMBER.search(output)
        _left_nothing_but_logs_and_screenshots(output)
    assert len(shops) == 2


def _left_nothing_but_logs_and_screenshots(output: str) -> None:
    match = re.search(r"Screenshots: (\S+)/screenshots", output)
    assert match, output
    folder = clone_root() / match[1]
    assert sorted(path.name for path in folder.iterdir()) == ["logs", "screenshots"]
    assert {path.name for path in (folder / "screenshots").iterdir()} >= {"popup.png", "checkout.png", "paid.png"}
    assert not _processes_that_name(str(folder))


def _processes_that_name(text: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found
