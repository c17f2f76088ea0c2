"""What no file of this project may hold, whoever generated it."""

from __future__ import annotations

import re

import pytest

from tests.sources import texts

# Folders that are somebody's machine; `/home/` and `/Users/` only with a name. A `~` or a variable before it is nobody's.
_MACHINE = re.compile(
    r"""(?<![\w.$}~<>*)\]])/(?:
        (?:tmp|root|work|workspace|builds|private|var/folders)/
        | (?:home|Users)/\w
        | usr/(?:local/)?bin/(?:node|npm|npx|chrom|google-chrome)
    )""",
    re.VERBOSE,
)
# A name that pip would look up at a public index, where this project is not: somebody else's package may be.
_BY_NAME = re.compile(r"""\b(?:pip3?|pipx|uvx?)\s+(?:tool\s+)?(?:install|run|add)?\s*(?:-\S+\s+)*["']?ledgeros\b""")


def test_no_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    assert not [f"{path}: {found.group()}" for path, text in texts() if (found := _MACHINE.search(text))]


def test_no_text_advises_to_install_this_project_by_its_bare_name() -> None:
    assert not [f"{path}: {found.group()}" for path, text in texts() if (found := _BY_NAME.search(text))]


@pytest.mark.parametrize("leak", ["/" + "tmp/x.ts", '"/' + 'home/ann/a"', "file:///" + "root/a", "at /" + "work/x", "/" + "usr/bin/node"])
def test_a_path_of_a_machine_is_found(leak: str) -> None:
    assert _MACHINE.search(leak)


@pytest.mark.parametrize(
    "words", ["pip install '" + "ledgeros[mcp]'", "pip install -U " + "ledgeros", "pipx install " + "ledgeros", "uvx " + "ledgeros"]
)
def test_advice_by_bare_name_is_found(words: str) -> None:
    assert _BY_NAME.search(words)


def test_what_is_generated_is_left_out_and_what_is_written_is_not() -> None:
    paths = {path for path, _ in texts()}
    assert {"README.md", "ledgeros", ".ci/run", "extension/.npmrc", "extension/package-lock.json"} <= paths
    assert not [path for path in paths if re.search(r"(^|/)(node_modules|__pycache__|\.venvs?|\.output|\.wxt|\.vitest)/", path)]
