"""Documents are held to the code: every test they name exists, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "THREAT_MODEL.md", "CHANGELOG.md", "certs/README.md"]
ROOMS = ("*.md", "broker/**/*.md", "extension/*.md", "extension/[a-z]*/README.md", "certs/*.md", "docs/**/*.md", "tests/**/README.md")
WITH_TABLES = sorted({str(path.relative_to(ROOT)) for room in ROOMS for path in ROOT.glob(room) if "\n|" in path.read_text()})


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_exists(document: str) -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / document).read_text()):
        source = ROOT / path
        assert source.exists(), f"{document} names {path}"
        assert not name or re.search(rf"^(?:async )?def {name}\(", source.read_text(), re.MULTILINE), f"{document} names {path}::{name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_local_link_leads_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / document).read_text()):
        assert (folder / target).exists(), f"{document} links to {target}"


@pytest.mark.parametrize("document", WITH_TABLES)
def test_every_row_of_a_table_stands_under_its_header(document: str) -> None:
    """A blank line inside a table ends it, and what comes after is shown as it is typed."""
    lines = ["", *(ROOT / document).read_text().splitlines(), ""]
    first = [at for at in range(1, len(lines)) if lines[at].startswith("|") and not lines[at - 1].startswith("|")]
    assert first
    assert not [lines[at] for at in first if not re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", lines[at + 1])]


def test_every_line_of_the_threat_model_names_a_test() -> None:
    rows = [line for line in (ROOT / "THREAT_MODEL.md").read_text().splitlines() if line.startswith("| **")]
    assert len(rows) > 25
    assert not [row for row in rows if "`tests/" not in row]


def test_every_file_of_attacks_is_named_in_the_threat_model() -> None:
    text = (ROOT / "THREAT_MODEL.md").read_text()
    files = sorted((ROOT / "tests" / "adversary").glob("test_*.py"))
    assert len(files) > 8
    assert not [path.name for path in files if f"`tests/adversary/{path.name}" not in text]


def test_every_line_of_the_promise_table_names_a_test() -> None:
    table = (ROOT / "README.md").read_text().split("## What is promised")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| can the agent")]
    assert len(rows) >= 4
    assert not [row for row in rows if "`tests/" not in row]


def test_the_readme_names_only_commands_that_exist() -> None:
    from typer.main import get_command

    from broker.cli.root import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    for command in re.findall(r"\./ledgeros ([a-z-]+)", (ROOT / "README.md").read_text()):
        assert command in known


def test_the_readmes_table_of_commands_names_only_commands_that_exist() -> None:
    from typer.main import get_command

    from broker.cli.root import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    table = (ROOT / "README.md").read_text().split("| command | what it does |")[1].split("\n\n")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `ledgeros")]
    assert len(cells) > 15
    for cell in cells:
        group: dict[str, Any] = {}
        for command in re.findall(r"`(?:ledgeros )?([a-z-]+(?: [a-z-]+)?)", cell):
            first, *rest = command.split()
            if first in group:  # `list` after `agents add` is `agents list`
                continue
            assert first in known, cell
            group = getattr(known[first], "commands", {})
            assert set(rest) <= set(group), cell


@pytest.mark.parametrize("lock", ["requirements.lock", "extension/package-lock.json", "tests/browser/forms/masks/package-lock.json"])
def test_a_lock_holds_names_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "sha" in text
    assert not re.search(r"https?://", text)
