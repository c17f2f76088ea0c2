"""``ledgeros install --profile``: the browser that an agent drives has a user-data folder of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.cli.install import _usual
from broker.cli.root import app
from broker.core.errors import LedgerError
from broker.install.registry import FileRegistry

MANIFEST = Path("NativeMessagingHosts") / "so.ledger.broker.json"


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "manifest.json").write_text('{"version": "0.1.0"}')
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("broker.install.extension_build.ready_extension", lambda progress: tmp_path / "built")


def install(tmp_path: Path, *arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "install", "--json", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_every_profile_that_is_named_is_told_and_no_other_browser(tmp_path: Path) -> None:
    (tmp_path / "home" / ".config" / "chromium").mkdir(parents=True)
    folders = [str(tmp_path / "one"), str(tmp_path / "two")]
    assert install(tmp_path, "--profile", folders[0], "--profile", folders[1])["browsers"] == folders
    assert all((Path(folder) / MANIFEST).is_file() for folder in folders)
    assert not (tmp_path / "home" / ".config" / "chromium" / MANIFEST).exists()


def test_a_profile_that_is_a_relative_path_is_the_same_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert install(tmp_path, "--profile", "agent")["browsers"] == [str(tmp_path / "agent")]


def test_installing_again_tells_the_profiles_that_are_still_there(tmp_path: Path) -> None:
    kept, gone = tmp_path / "kept", tmp_path / "gone"
    kept.mkdir()
    assert _usual(FileRegistry(tmp_path / "home", "linux"), ("chromium", str(kept), str(gone))) == [str(kept)]


def test_a_profile_inside_a_user_data_folder_is_refused_with_the_way_on(tmp_path: Path) -> None:
    inner = tmp_path / "chromium" / "Default"
    inner.mkdir(parents=True)
    (inner / "Preferences").touch()
    (inner.parent / "Local State").touch()
    refused = CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "install", "--profile", str(inner)]).exception
    assert isinstance(refused, LedgerError)
    assert "--user-data-dir" in (refused.hint or "")
    assert not (inner / MANIFEST).exists()


def test_uninstall_forgets_the_profile(tmp_path: Path) -> None:
    install(tmp_path, "--profile", str(tmp_path / "agent"))
    CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "uninstall"], catch_exceptions=False)
    assert not (tmp_path / "agent").exists()
