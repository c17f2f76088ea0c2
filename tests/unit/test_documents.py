"""Documents are held to the code: every test they name exists, every link leads somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from broker.protocol.processors import bundled_processors
from tests.sources import texts

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md", "THREAT_MODEL.md", "CHANGELOG.md", "certs/README.md", "docs/examples/README.md", "tests/README.md", "broker/README.md",
]  # fmt: skip
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


@pytest.mark.parametrize("document", [path for path, _ in texts() if path.endswith(".md")])
def test_every_option_that_a_document_names_exists(document: str) -> None:
    from typer.main import get_command

    from broker.cli.root import app

    # A command and what follows it, as far as it is typed: to the end of the line, of the code, or the comment.
    for line in re.findall(r"ledgeros ([a-z][^`\n#|]*--[a-z][^`\n#|]*)", (ROOT / document).read_text()):
        command: Any = get_command(app)
        words = line.split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} - {"--"} <= known, f"{document}: ledgeros {line}"


def test_what_the_readme_says_of_the_registry_is_true() -> None:
    assert "Entries of real processors come from their public documentation; none was tried against the real processor" in readme()
    real = [entry for entry in bundled_processors() if not entry.sandbox_only]
    assert {entry.source.kind for entry in real} == {"documentation"}
    assert all(entry.id.startswith("demo-") for entry in bundled_processors() if entry.sandbox_only)


def test_the_headline_says_of_the_number_what_the_table_of_promises_says() -> None:
    headline = readme().split("\n\n")[1]
    assert "no API tells the agent the number" in headline
    assert "| call APIs only | **never** | **never** |" in readme()
    assert "| click, type, screenshot, read accessibility snapshots | before the fill no; **after it, yes** | **never** |" in readme()
    for path, text in texts():
        assert not re.search(r"never (holds|gets) the (card )?number", text) or path == "CHANGELOG.md", path


def test_the_readme_names_where_settings_of_the_environment_are_documented() -> None:
    for prefix, file in (("LEDGEROS_BROKER_", "broker/settings.py"), ("LEDGEROS_ISSUER_", "broker/issuer/settings.py")):
        assert prefix in readme()
        assert f"]({file})" in readme()
    assert "LEDGEROS_CHROMIUM" in readme()


def readme() -> str:
    return (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "lock",
    ["requirements.lock", "extension/package-lock.json", "broker/client/typescript/package-lock.json",
     "tests/browser/forms/masks/package-lock.json"],
)  # fmt: skip
def test_a_lock_holds_names_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "sha" in text
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("folder", ["extension", "broker/client/typescript", "tests/browser/forms/masks"])
def test_npm_keeps_addresses_out_of_the_lock_of_every_package(folder: str) -> None:
    package = ROOT / folder
    assert "omit-lockfile-registry-resolved=true" in (package / ".npmrc").read_text().split()
    locked, named = (json.loads((package / name).read_text()) for name in ("package-lock.json", "package.json"))
    assert not [name for name, entry in locked["packages"].items() if "resolved" in entry]
    for kind in ("dependencies", "devDependencies"):
        assert locked["packages"][""].get(kind) == named.get(kind), "the lock is of another package.json"
