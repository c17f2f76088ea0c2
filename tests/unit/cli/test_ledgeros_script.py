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


@pytest.fixture
def bare(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script on a machine that has Python and nothing else."""
    monkeypatch.delenv("LEDGEROS_CHROMIUM", raising=False)
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    monkeypatch.setattr(script, "can_make_environments", lambda: True)
    return script


@pytest.mark.parametrize(
    "line", ["demo", "demo HEADED=1", "forms --forms x", "bench", "bench fill --count 5", "bench swap", "teach https://shop.example"]
)
def test_chromium_is_asked_for_where_a_browser_is_driven(bare: ModuleType, line: str) -> None:
    assert "chromium" in bare.missing_packages(line.split())
    assert "chromium" in bare.missing_packages(["--state", "x", *line.split()])
    assert "chromium" in bare.missing_packages(["--state=x", *line.split()])


@pytest.mark.parametrize("line", ["certs show", "up", "bench redeem", "bench start", "--state demo doctor", "--state bench pair"])
def test_chromium_is_not_asked_for_elsewhere(bare: ModuleType, line: str) -> None:
    assert "chromium" not in bare.missing_packages(line.split())


def test_a_lesson_takes_the_browser_that_is_there_or_named(bare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "chromium" not in bare.missing_packages(["teach", "https://shop.example", "--browser=chrome"])
    monkeypatch.setattr(bare.shutil, "which", lambda name: "/there" if name == "brave-browser" else None)
    assert "chromium" not in bare.missing_packages(["teach", "https://shop.example"])
    assert "chromium" in bare.missing_packages(["demo"])


def test_the_script_knows_the_browsers_that_a_lesson_starts(script: ModuleType) -> None:
    from broker.install.browsers import BRANDED, CHROMIUM

    assert (*CHROMIUM, *BRANDED) == script.TEACHES


@pytest.mark.parametrize("line", ["teach list", "teach forget taught-1", "--state x teach list --json"])
def test_what_was_taught_is_looked_at_without_a_browser(bare: ModuleType, line: str) -> None:
    assert "chromium" not in bare.missing_packages(line.split())


@pytest.mark.parametrize("line", ["", "--help", "demo --help", "test --help", "bench fill --help", "--state x teach --help"])
def test_help_is_free(bare: ModuleType, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(bare, "can_make_environments", lambda: False)
    assert bare.missing_packages(line.split()) == []


def test_help_that_belongs_to_pytest_is_a_run_of_the_tests(bare: ModuleType) -> None:
    assert "chromium" in bare.missing_packages(["test", "--", "--help"])


def test_help_without_an_environment_installs_nothing_and_says_what_it_lacks(
    bare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bare, "can_make_environments", lambda: False)
    monkeypatch.setattr(bare, "install_packages", lambda packages: pytest.fail("nothing is to be installed"))
    monkeypatch.setattr(bare.sys, "argv", ["./ledgeros", "demo", "--help"])
    with pytest.raises(SystemExit) as stopped:
        bare.main()
    assert stopped.value.code == 1
    assert "python3-venv" in capsys.readouterr().err


def test_what_a_test_would_be_skipped_without_is_asked_for(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.shutil, "which", lambda name: None if name in ("Xvfb", "xdotool", "fish") else f"/usr/bin/{name}")
    monkeypatch.setattr(script, "can_make_environments", lambda: True)
    asked = {"xvfb", "xdotool", "fish"}
    assert asked <= set(script.missing_packages(["test"]))
    assert not asked & set(script.missing_packages(["demo"]))


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
