"""Which Chromium is started, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.core.errors import LedgerError
from broker.install.browsers import BRANDED, chromium_path, has_display


def program(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.touch()
    path.chmod(0o700)
    return str(path)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty search path, and nothing named in the environment."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("LEDGEROS_CHROMIUM", raising=False)
    return tmp_path / "bin"


def test_the_one_that_is_named_is_started_then_the_environments_then_the_paths(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, mine, named = program(path, "chromium"), program(path.parent / "a", "mine"), program(path.parent / "b", "named")
    assert chromium_path() == found
    monkeypatch.setenv("LEDGEROS_CHROMIUM", mine)
    assert chromium_path() == mine
    assert chromium_path(named) == named


def test_browsers_of_other_brands_count_where_they_are_asked_for(path: Path) -> None:
    chrome = program(path, "google-chrome")
    assert chromium_path(also=BRANDED) == chrome
    with pytest.raises(LedgerError, match="Chromium is not installed"):
        chromium_path()


def test_a_name_that_leads_nowhere_is_said_and_nothing_else_is_started(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "chromium")
    with pytest.raises(LedgerError, match="--browser names no program"):
        chromium_path("/nowhere/chromium")
    monkeypatch.setenv("LEDGEROS_CHROMIUM", "/elsewhere/chromium")
    with pytest.raises(LedgerError, match="LEDGEROS_CHROMIUM names no program"):
        chromium_path()


def test_a_display_is_one_of_either_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("broker.install.browsers.sys.platform", "linux")
    assert not has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert has_display()
