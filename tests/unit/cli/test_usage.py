"""What is typed wrongly is never shown again: it may be a card number or a token in the wrong place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from broker.cli import usage
from broker.cli.output import COLOURS
from broker.cli.root import app
from broker.core.errors import LedgerError
from broker.protocol.outcomes import Outcome

ROOT = Path(__file__).resolve().parents[3]
NUMBER = "4242424242424242"
TOKEN = "at_test_AAAABBBBCCCC"


def refused(*arguments: str) -> LedgerError:
    done = CliRunner().invoke(app, list(arguments))
    assert isinstance(done.exception, LedgerError), done.output
    assert not done.output
    return done.exception


@pytest.mark.parametrize("typed", [NUMBER, TOKEN])
@pytest.mark.parametrize(
    "line",
    ["{}", "demo {}", "demo {}=1", "pair {}", "broker enrol {}", "broker {}", "devices list --of {}", "releases --limit {}", "up --port {}",
     "up --{}", "up -{}", "--{} up", "teach {}", "certs rotate {}", "agents add bot {}", "install --browser {}", "events list {}",
     "receipt verify {} {}", "releases --json={}", "cards list --json={}"],
)  # fmt: skip
def test_nothing_that_was_typed_is_repeated(line: str, typed: str) -> None:
    error = refused(*line.format(typed, typed).split())
    said = f"{error.message} {error.hint}"
    assert typed not in said
    assert typed[:6] not in said
    assert error.hint
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("devices list --of x", "--of cannot be what was given.", "Choose one of: issuer, broker. How it is used: "),
        ("releases --limit x", "--limit cannot be what was given.", "It is a number from 1 to 1000. How it is used: "),
        ("bench fill --count 0", "--count cannot be what was given.", "It is a number from 1. How it is used: "),
        ("agents add", "NAME is missing.", "How it is used: ledgeros agents add --help"),
        ("mcp", "--config is missing.", "How it is used: ledgeros mcp --help"),
        ("agents add a b", "More was given than is taken here.", "How it is used: ledgeros agents add --help"),
        ("releasez", "There is no such command.", "Did you mean releases? How it is used: "),
        ("up --prt 0", "There is no such option.", "Did you mean --port"),
        ("up --port", "--port is given the wrong way", "How it is used: ledgeros up --help"),
        ("--state", "--state is given the wrong way", "How it is used: ledgeros --help"),
    ],
)
def test_it_says_the_parameter_and_what_it_takes(line: str, message: str, hint: str) -> None:
    error = refused(*line.split())
    assert error.code == usage.CODE
    assert error.message.startswith(message)
    assert (error.hint or "").startswith(hint)


def test_in_a_terminal_it_is_two_lines_and_status_2() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "broker.cli", "pair", TOKEN], env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "✕ More was given than is taken here.\n  How it is used: ledgeros pair --help\n"
    assert not done.stdout


def commands(command: Any, name: str = "") -> list[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    return [(name, command), *(found for child in below for found in commands(below[child], f"{name} {child}".strip()))]


@pytest.mark.parametrize(("name", "command"), commands(get_command(app)))
def test_the_help_of_every_command_is_whole_and_in_words(name: str, command: Any) -> None:
    said = CliRunner().invoke(app, [*name.split(), "--help"], terminal_width=80).stdout
    assert "``" not in said
    assert not re.search(r"<[a-z]", said), "a type of Python"
    assert "..." not in said.replace("[ARGS]...", "").replace("]...", ""), "cut in mid-sentence"
    assert not name or command.get_short_help_str().endswith((".", "!", "?"))


def test_the_first_steps_are_typed_as_the_command_was() -> None:
    done = subprocess.run([ROOT / "ledgeros", "--help"], capture_output=True, text=True, check=True, timeout=60)
    steps = done.stdout[done.stdout.index("First steps:") :]
    assert f"{ROOT}/ledgeros up " in steps
    assert " ledgeros up " not in steps


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_colour_that_means_something(outcome: Outcome) -> None:
    assert COLOURS[outcome] in {"green", "yellow", "red", "dim"}


def test_what_may_have_cost_money_and_what_went_well_look_different() -> None:
    assert COLOURS["submitted"] == "green"
    assert COLOURS["may_have_been_charged"] == "yellow"
    assert COLOURS["already_used"] == "red"
