"""The map of the code is held to the code: every room, every module, every contract."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from broker.cli.help import FILES, Commands
from tests.sources import texts

ROOT = Path(__file__).resolve().parents[2]
BROKER = ROOT / "broker"
CONTRACTS = {
    contract["name"]: contract for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
ROOMS = sorted(folder.name for folder in BROKER.iterdir() if (folder / "__init__.py").exists())
MODULES = sorted(file.stem for file in BROKER.glob("*.py") if file.name != "__init__.py")


def layers() -> list[set[str]]:
    lines = CONTRACTS["Imports run downwards only"]["layers"]
    return [{name.strip().removeprefix("broker.") for name in line.split("|")} for line in lines]


def rows() -> list[str]:
    """The rooms and modules of the map, from top to bottom."""
    cells = re.findall(r"^\| (`[^|]+) \|", (BROKER / "README.md").read_text(), re.MULTILINE)
    return [name.removesuffix("/").removesuffix(".py") for cell in cells for name in re.findall(r"`([\w/.]+)`", cell)]


def test_the_map_and_the_contract_name_every_room_in_the_same_order() -> None:
    everything = {*ROOMS, *MODULES} - {"native_host"}
    assert set().union(*layers()) == everything
    assert sorted(rows()) == sorted(everything)
    layer_of = {name: number for number, names in enumerate(layers()) for name in names}
    assert [layer_of[name] for name in rows()] == sorted(layer_of[name] for name in rows())


def test_the_native_messaging_host_is_forbidden_every_other_room() -> None:
    forbidden = CONTRACTS["The native messaging host imports nothing of ours"]["forbidden_modules"]
    assert sorted(forbidden) == sorted(f"broker.{name}" for name in {*ROOMS, *MODULES} - {"native_host"})


def unnamed(room: Path) -> list[str]:
    """Modules of `room` that its README does not name; those of a folder are named by the folder."""
    text = "".join((room / name).read_text() for name in ("README.md", "PROTOCOL.md") if (room / name).exists())
    files = [file.relative_to(room) for file in room.rglob("*.py") if not file.name.startswith("__")]
    nested = {file.parts[0] for file in files if len(file.parts) > 1}
    return [
        *(file.name for file in files if len(file.parts) == 1 and f"`{file.name}`" not in text and file.stem not in spoken_for(room)),
        *(f"{folder}/" for folder in nested if f"`{folder}/`" not in text and f"`{folder}`" not in text),
    ]


def spoken_for(room: Path) -> set[str]:
    """The commands of `cli`, which its help names: one file a noun."""
    return {FILES.get(name, name).replace("-", "_") for name in Commands()} if room.name == "cli" else set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_is_named_in_its_rooms_readme(room: str) -> None:
    assert not unnamed(BROKER / room)


@pytest.mark.parametrize("readme", sorted(path.relative_to(ROOT).as_posix() for path in BROKER.glob("*/README.md")))
def test_every_path_to_test_that_a_readme_names_is_there(readme: str) -> None:
    for line in re.findall(r"`\./ledgeros test ([^`]+)`", (ROOT / readme).read_text()):
        assert [path for path in line.split() if not (ROOT / path).exists()] == []


def test_every_room_says_how_it_is_tested_and_all_say_it_the_same_way() -> None:
    assert not [room for room in ROOMS if "`./ledgeros test " not in (BROKER / room / "README.md").read_text()]
    assert not [path for path, text in texts() if path.endswith(".md") and re.search(r"`(pytest|npx) ", text)]
