"""Installing: each browser is told where it looks, everything is written down, and exactly that is removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from broker.core.errors import LedgerError
from broker.install.extension_build import extension_id
from broker.install.installer import install, installed_extension, read_record, record_file, uninstall
from broker.install.layout import StateFolder
from broker.install.registry import FileRegistry, WindowsRegistry, host_key

BROWSERS = ("chromium", "chrome", "edge", "brave")
PLACES = {
    "linux": {
        "chromium": ".config/chromium",
        "chrome": ".config/google-chrome",
        "edge": ".config/microsoft-edge",
        "brave": ".config/BraveSoftware/Brave-Browser",
    },
    "darwin": {
        "chromium": "Library/Application Support/Chromium",
        "chrome": "Library/Application Support/Google/Chrome",
        "edge": "Library/Application Support/Microsoft Edge",
        "brave": "Library/Application Support/BraveSoftware/Brave-Browser",
    },
}


class DictKeys:
    def __init__(self, *present: str) -> None:
        self.values: dict[str, str] = dict.fromkeys(present, "")

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def set(self, key: str, value: str) -> None:
        self.values[key] = value

    def delete(self, key: str) -> None:
        del self.values[key]


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def extension(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "manifest.json").write_text('{"version": "0.1.0"}')
    (folder / "assets" / "popup.css").write_text("body {}")
    return folder


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("platform", PLACES)
@pytest.mark.parametrize("browser", BROWSERS)
def test_each_browser_is_told_in_the_place_it_reads(platform: str, browser: str, state: StateFolder, home: Path, extension: Path) -> None:
    install(state, FileRegistry(home, platform), [browser], extension)
    manifest = json.loads((home / PLACES[platform][browser] / "NativeMessagingHosts" / "so.ledger.broker.json").read_text())
    assert manifest["allowed_origins"] == [f"chrome-extension://{extension_id()}/"]
    assert Path(manifest["path"]).is_file()


def test_a_browser_that_is_named_by_its_folder_is_told_there_and_forgotten_again(
    state: StateFolder, home: Path, extension: Path, tmp_path: Path
) -> None:
    registry = FileRegistry(home, "linux")
    folders = [str(tmp_path / "agent"), str(tmp_path / "another")]
    record = install(state, registry, ["chromium", *folders], extension)
    assert record.browsers == ("chromium", *folders)
    for folder in folders:
        manifest = json.loads((Path(folder) / "NativeMessagingHosts" / "so.ledger.broker.json").read_text())
        assert manifest["allowed_origins"] == [f"chrome-extension://{extension_id()}/"]
        assert registry.current(folder) is not None
    (Path(folders[0]) / "Local State").write_text("theirs")
    assert uninstall(state, registry).kept == ()
    assert files_in(Path(folders[0])) == {"Local State"}
    assert not Path(folders[1]).exists()


def test_only_browsers_that_were_used_here_are_present(home: Path) -> None:
    (home / ".config" / "chromium").mkdir(parents=True)
    assert FileRegistry(home, "linux").present() == ["chromium"]


def test_uninstall_removes_exactly_what_was_added(state: StateFolder, home: Path, extension: Path) -> None:
    registry = FileRegistry(home, "linux")
    (home / ".config" / "chromium").mkdir(parents=True)
    (home / ".config" / "chromium" / "Preferences").write_text("theirs")
    before = files_in(home)
    install(state, registry, ["chromium", "brave"], extension)
    removal = uninstall(state, registry)
    assert removal.kept == ()
    assert files_in(home) == before
    assert not installed_extension(state).exists()
    assert not state.host.exists()
    assert not record_file(state).exists()
    assert state.pki.ca_file.exists()


def test_uninstall_leaves_what_was_changed_since_and_says_so(state: StateFolder, home: Path, extension: Path) -> None:
    registry = FileRegistry(home, "linux")
    install(state, registry, ["chromium"], extension)
    changed = home / ".config/chromium/NativeMessagingHosts/so.ledger.broker.json"
    changed.write_text("{}")
    removal = uninstall(state, registry)
    assert removal.kept == (str(changed),)
    assert changed.read_text() == "{}"
    assert not installed_extension(state).exists()
    assert [added.place for added in read_record(state).added] == [str(changed)]


def test_a_file_that_somebody_else_put_into_the_extension_folder_stays(state: StateFolder, home: Path, extension: Path) -> None:
    registry = FileRegistry(home, "linux")
    install(state, registry, ["chromium"], extension)
    theirs = installed_extension(state) / "assets" / "note.txt"
    theirs.write_text("mine")
    uninstall(state, registry)
    assert theirs.exists()
    assert not (installed_extension(state) / "manifest.json").exists()


def test_installing_again_upgrades_the_extension_and_forgets_its_old_files(state: StateFolder, home: Path, extension: Path) -> None:
    registry = FileRegistry(home, "linux")
    install(state, registry, ["chromium"], extension)
    (extension / "assets" / "popup.css").unlink()
    (extension / "manifest.json").write_text('{"version": "0.2.0"}')
    install(state, registry, ["brave"], extension)
    assert files_in(installed_extension(state)) == {"assets", "manifest.json"}
    assert read_record(state).browsers == ("chromium", "brave")
    assert uninstall(state, registry).kept == ()
    assert files_in(home) == set()


def test_another_installations_manifest_is_not_overwritten(state: StateFolder, home: Path, extension: Path, tmp_path: Path) -> None:
    registry = FileRegistry(home, "linux")
    install(StateFolder(tmp_path / "other"), registry, ["chromium"], extension)
    manifest = home / ".config/chromium/NativeMessagingHosts/so.ledger.broker.json"
    theirs = manifest.read_bytes()
    with pytest.raises(LedgerError) as refusal:
        install(state, registry, ["chromium"], extension)
    assert refusal.value.code == "other_installation"
    assert str(manifest) in (refusal.value.hint or "")
    assert manifest.read_bytes() == theirs


def test_windows_is_told_by_a_key_that_names_the_manifest(state: StateFolder, extension: Path) -> None:
    keys = DictKeys(r"Software\Google\Chrome")
    registry = WindowsRegistry(state.host, keys)
    assert registry.present() == ["chrome"]
    install(state, registry, ["chrome"], extension)
    assert host_key("chrome") == r"Software\Google\Chrome\NativeMessagingHosts\so.ledger.broker"
    assert json.loads(Path(keys.values[host_key("chrome")]).read_text())["name"] == "so.ledger.broker"
    assert registry.current("chrome") is not None
    uninstall(state, registry)
    assert host_key("chrome") not in keys.values
    assert r"Software\Google\Chrome" in keys.values
