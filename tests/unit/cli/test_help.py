"""The help a newcomer reads, and how lists look: headings, relative times, colours that never stand alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker import cli
from broker.cli.help import FILES, SECTIONS, Commands
from broker.cli.output import cell
from broker.cli.root import app
from broker.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, SystemClock
from broker.core.errors import LedgerError
from broker.terminal import relative

NOW = 1_800_000_000_000


def test_every_file_of_commands_is_reached_by_a_name_and_every_name_by_one_heading() -> None:
    names = list(Commands())
    assert len(names) == len(set(names))
    files = {
        path.stem for path in Path(cli.__file__).parent.glob("*.py") if re.search(r"^(def register|app = )", path.read_text(), re.MULTILINE)
    }
    reached = {FILES.get(name, name) for name in names}
    assert reached == files - {"root", "bench_start", "egress_accounts"}  # the root itself, and parts of others


def test_the_help_begins_with_how_to_start_and_ends_with_the_first_steps() -> None:
    said = CliRunner().invoke(app, ["--help"], terminal_width=120).stdout
    assert said.index("Start:") < said.index("Every day:") < said.index("First steps:")
    assert "--install-completion" in said


@pytest.mark.parametrize("name", [name for heading in list(SECTIONS)[:-1] for name in SECTIONS[heading]])
def test_every_command_for_people_explains_itself(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()[2].strip()) > 15


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "now"),
        (NOW - 3 * MINUTE_MS, "3 min ago"),
        (NOW - 25 * HOUR_MS, "1 d ago"),
        (NOW + 2 * HOUR_MS, "in 2 h"),
        (NOW - 40 * DAY_MS, "2026-12-06"),
    ],
)
def test_times_are_relative_until_a_date_says_more(at: int, words: str) -> None:
    assert relative(at, NOW) == words


def test_a_state_is_coloured_and_still_a_word() -> None:
    assert cell("status", "frozen") == "[yellow]frozen[/yellow]"
    assert cell("outcome", "origin_mismatch") == "[red]origin_mismatch[/red]"
    assert cell("createdAt", SystemClock().now_ms()) == "now"


def test_text_from_elsewhere_writes_no_markup() -> None:
    assert cell("status", "[red]x") == r"[default]\[red]x[/default]"


def test_lists_are_json_for_machines_even_when_empty(tmp_path: Path) -> None:
    for command in (["cards", "list"], ["agents", "list"], ["grants", "list"], ["releases"]):
        done = CliRunner().invoke(app, ["--state", str(tmp_path), *command, "--json"])
        assert json.loads(done.stdout) == []


def test_installing_for_a_browser_that_is_not_known_is_refused(tmp_path: Path) -> None:
    from broker.cli.install import _known, _usual
    from broker.install.registry import FileRegistry

    with pytest.raises(LedgerError) as refusal:
        _known(["netscape"])
    assert "chromium, chrome, edge, brave" in (refusal.value.hint or "")
    with pytest.raises(LedgerError) as refusal:
        _usual(FileRegistry(tmp_path, "linux"), ())
    assert "--browser" in (refusal.value.hint or "")


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    code = f"import sys; {code}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split())


def test_the_help_loads_nothing_that_only_servers_need() -> None:
    loaded = loaded_by("from broker.cli.help import Commands; dict(Commands())")
    assert "broker.cli.events" in loaded
    assert not {"asyncio", "cryptography", "sqlalchemy", "aiohttp", "pydantic", "pydantic_core", "structlog"} & loaded


def test_an_installed_package_hides_the_engineers_commands_and_says_where_they_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("broker.cli.help.clone_root", lambda: tmp_path)
    offered = CliRunner().invoke(app, ["--help"], terminal_width=120).stdout
    assert "doctor" in offered
    assert "screenshots" not in offered
    assert "screenshots" not in list(Commands())
    refused = CliRunner().invoke(app, ["wheel"]).exception
    assert isinstance(refused, LedgerError)
    assert refused.hint == "In a clone: ./ledgeros wheel"


def test_a_command_loads_no_other_command() -> None:
    loaded = loaded_by("from broker.cli.help import Commands; Commands()['down']")
    assert "broker.cli.up" in loaded
    assert not {"broker.cli.demo", "broker.cli.events", "broker.cli.install"} & loaded


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_tab_completes_commands_and_their_options(shell: str) -> None:
    """As the shell asks: the installed script runs the command with these variables."""
    asked = {
        "_LEDGEROS_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "ledgeros gra",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "ledgeros gra",
    }
    environment = {**os.environ, **asked, "_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "gra"}
    done = subprocess.run([sys.executable, "-m", "broker.cli"], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "grants" in done.stdout
    assert "releases" not in done.stdout
