"""The state folder: ids that stay, certificates that change, a manifest where the browser looks."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from broker.core.errors import LedgerError
from broker.install import certificates
from broker.install.extension_build import extension_id
from broker.install.identities import identities
from broker.install.layout import StateFolder, default_state
from broker.install.native_messaging import register_host, user_data_folder
from broker.pki.profile import Roles


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _public_key(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_key().public_numbers().x.to_bytes(32, "big")  # type: ignore[union-attr]


def test_the_ids_stay_when_certificates_are_replaced(state: StateFolder) -> None:
    certificates.initialise(state)
    before, key_before = identities(state), _public_key(state.pki.certificate_file(Roles.BROKER_CLIENT))
    certificates.rotate(state, Roles.BROKER_CLIENT)
    assert identities(state) == before
    assert _public_key(state.pki.certificate_file(Roles.BROKER_CLIENT)) != key_before
    row = next(row for row in certificates.describe(state) if row.file == "broker-client.crt")
    assert f"urn:ledgeros:broker:{before.broker_id}" in row.names


def test_making_certificates_twice_keeps_the_first(state: StateFolder) -> None:
    certificates.initialise(state)
    first = {role: state.pki.certificate_file(role).read_bytes() for role in Roles}
    certificates.initialise(state)
    assert {role: state.pki.certificate_file(role).read_bytes() for role in Roles} == first


def test_a_broker_that_has_an_id_keeps_it(state: StateFolder) -> None:
    state.broker.mkdir(parents=True)
    (state.broker / "broker.json").write_text(json.dumps({"brokerId": "brk_kept", "name": "desk"}))
    assert identities(state).broker_id == "brk_kept"


def test_the_state_folder_and_every_key_are_their_owners_only(state: StateFolder) -> None:
    certificates.initialise(state)
    assert _mode(state.path) == 0o700
    assert _mode(state.pki.path) == 0o700
    keys = [path for path in state.pki.path.iterdir() if path.suffix == ".key"]
    assert len(keys) == len(Roles) + 1
    assert {_mode(path) for path in keys} == {0o600}


def test_the_host_manifest_admits_our_extension_alone(state: StateFolder, tmp_path: Path) -> None:
    certificates.initialise(state)
    profile = tmp_path / "profile"
    manifest = json.loads(register_host(state, profile).read_text())
    assert manifest["allowed_origins"] == [f"chrome-extension://{extension_id()}/"]
    assert Path(manifest["path"]).stat().st_mode & 0o111
    assert json.loads((state.host / "host.json").read_text())["broker_id"] == identities(state).broker_id


@pytest.mark.parametrize(
    ("browser", "platform", "place"),
    [
        ("chromium", "linux", ".config/chromium"),
        ("brave", "linux", ".config/BraveSoftware/Brave-Browser"),
        ("chrome", "darwin", "Library/Application Support/Google/Chrome"),
    ],
)
def test_a_known_browser_has_a_known_place(browser: str, platform: str, place: str, tmp_path: Path) -> None:
    assert user_data_folder(browser, tmp_path, platform) == tmp_path / place


def test_an_unknown_browser_is_refused_with_the_way_on(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as refusal:
        user_data_folder("netscape", tmp_path, "linux")
    assert "--profile" in (refusal.value.hint or "")


def test_a_server_that_does_not_run_is_said_with_the_command_that_starts_it(state: StateFolder) -> None:
    with pytest.raises(LedgerError) as refusal:
        state.issuer_endpoints()
    assert refusal.value.hint == "Start it: ledgeros up"


def test_the_environment_names_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEDGEROS_STATE", str(tmp_path))
    assert default_state() == tmp_path
