"""``./ledgeros``: what it decides before any environment exists."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def script(tmp_path: Path) -> ModuleType:
    loader = SourceFileLoader("ledgeros_script", str(ROOT / "ledgeros"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    vars(module).update(ROOT=tmp_path, ENVIRONMENT=tmp_path / ".venv", BUILDS=tmp_path / ".venvs")
    return module


def test_only_the_standard_library_is_imported() -> None:
    blocked = f"import runpy; runpy.run_path({str(ROOT / 'ledgeros')!r}, run_name='read')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", blocked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_anybody_but_root_gets_the_one_line_to_run(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(script.shutil, "which", lambda name: "/usr/bin/" + name)
    with pytest.raises(SystemExit) as stopped:
        script.install_packages(["chromium"])
    assert stopped.value.code == 1
    assert "sudo apt-get install --no-install-recommends -y chromium" in capsys.readouterr().err


def test_root_installs_and_refreshes_the_lists_only_when_needed(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(script.shutil, "which", lambda name: "/usr/bin/" + name)
    asked: list[list[str]] = []

    def fails_until_updated(command: list[str], environment: object, show: bool = False) -> int:
        asked.append(command[:2])
        return 0 if ["apt-get", "update"] in asked else 100

    monkeypatch.setattr(script, "quietly", fails_until_updated)
    script.install_packages(["curl"])
    assert asked == [["apt-get", "install"], ["apt-get", "update"], ["apt-get", "install"]]


def test_chromium_is_asked_for_only_where_a_browser_is_driven(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEDGEROS_CHROMIUM", raising=False)
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    monkeypatch.setattr(script, "can_make_environments", lambda: True)
    assert "chromium" in script.missing_packages("demo")
    assert "chromium" not in script.missing_packages("certs")


def test_what_a_test_would_be_skipped_without_is_asked_for(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.shutil, "which", lambda name: None if name in ("Xvfb", "xdotool", "fish") else f"/usr/bin/{name}")
    monkeypatch.setattr(script, "can_make_environments", lambda: True)
    asked = {"xvfb", "xdotool", "fish"}
    assert asked <= set(script.missing_packages("test"))
    assert not asked & set(script.missing_packages("demo"))


def test_an_unfinished_environment_is_not_current(script: ModuleType) -> None:
    (script.ENVIRONMENT / "bin").mkdir(parents=True)
    (script.ENVIRONMENT / "bin" / "python").touch()
    assert not script.current()
    (script.ENVIRONMENT / script.MARKER).write_text("another lock\n")
    assert not script.current()
    (script.ENVIRONMENT / script.MARKER).write_text(script.wanted())
    assert script.current()


def test_a_new_environment_takes_the_place_of_the_old_by_one_rename(script: ModuleType) -> None:
    for name in ("first", "second", "third"):
        build = script.BUILDS / name
        (build / "bin").mkdir(parents=True)
        script.switch_to(build)
        assert script.ENVIRONMENT.resolve() == build
    assert sorted(path.name for path in script.BUILDS.iterdir()) == ["second", "third"]


def test_one_package_is_cut_from_the_lock_with_its_hashes(script: ModuleType) -> None:
    lines = script.requirement("uv").splitlines()
    assert lines[0].startswith("uv==")
    assert len(lines) > 1
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
