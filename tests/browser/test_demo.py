"""``ledgeros demo``: two at once, one in each mode; each pays, measures its closing lines, and leaves nothing running."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from broker.install.layout import clone_root

PAID = re.compile(r"demo: paid \$49\.90 at (https://shop\.localhost:\d+) with card ending (\d{4})")
MEASURED = {
    "surrogate": "demo: number sent to the agent: no; readable in the page: no (surrogate mode)",
    "direct": "demo: number sent to the agent: no; readable in the page: yes (direct mode)",
}
NUMBER = re.compile(r"424242[ -]?\d{2}(?:[ -]?\d{4}){2}")


def start(mode: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(clone_root())}
    environment.pop("HEADED", None)
    command = [sys.executable, "-P", "-m", "broker.cli", "demo", *([] if mode == "surrogate" else [f"MODE={mode}"])]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_demos_at_once_pay_and_their_last_lines_are_measured() -> None:
    running = [start(mode) for mode in MEASURED]
    outputs = [process.communicate(timeout=200)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(outputs)
    shops = set()
    for mode, output in zip(MEASURED, outputs, strict=True):
        *_, paid, measured = output.strip().splitlines()
        match = PAID.fullmatch(paid)
        assert match, paid
        shops.add(match[1])
        assert measured == MEASURED[mode]
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
