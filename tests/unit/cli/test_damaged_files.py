"""Damaged files and wrong settings: whatever meets one says which, in a sentence, and repeats nothing of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.cli.root import app
from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError
from broker.install import certificates
from broker.install.doctor.damaged_file import NAME
from broker.install.egress import read_settings
from broker.install.layout import StateFolder

ROOT = Path(__file__).resolve().parents[3]
GARBAGE = "4242424242424242 bt_secret"
COMMANDS = {
    "broker/broker.db": ["releases", "agents list", "pair", "doctor"],
    "issuer/issuer.db": ["cards list", "events list", "brokers list", "doctor"],
    "issuer/endpoints.json": ["issuer setup-link", "agents add bot --file agent.json", "up", "doctor"],
    "broker/endpoints.json": ["up", "doctor"],
    "broker/broker.json": ["broker run", "broker enrol", "doctor"],
    "broker/issuer.json": ["doctor"],
    "egress/settings.json": ["teach list", "doctor"],
    "egress/endpoints.json": ["up", "doctor"],
    "egress/egress.key": ["egress enrol", "doctor"],
    "egress/taught.json": ["doctor"],
    "egress/accounts.json": ["egress accounts list", "doctor"],
    "pki/identities.json": ["certs init", "certs rotate", "broker run", "doctor"],
    "pki/ca.crt": ["certs show", "certs init", "certs ca", "certs rotate", "issuer run", "broker run", "doctor"],
    "pki/ca.key": ["certs rotate"],
    "pki/broker-client.crt": ["certs show", "certs init", "certs ca", "broker run", "doctor"],
    "pki/broker-client.key": ["certs init", "broker run"],
    "install.json": ["uninstall", "install --browser chromium", "doctor"],
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with every file of an installation that has run."""
    state = StateFolder(tmp_path_factory.mktemp("sound") / "state")
    certificates.initialise(state)
    for command in (["agents", "list"], ["cards", "list"]):
        assert CliRunner().invoke(app, ["--state", str(state.path), *command]).exception is None
    read_settings(state)
    return state.path


@pytest.fixture
def state(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("broker.install.extension_build.ready_extension", lambda progress: tmp_path)
    return Path(shutil.copytree(sound, tmp_path / "state"))


@pytest.mark.parametrize(("file", "command"), [(file, command) for file, commands in COMMANDS.items() for command in commands])
def test_a_damaged_file_is_named_and_not_repeated(state: Path, file: str, command: str) -> None:
    damage(state / file)
    done = CliRunner().invoke(app, ["--state", str(state), *command.split()], input="ABCD-EFGH-JKMN-PQRS\n")
    assert "4242" not in done.output
    if command == "doctor":
        assert f"{NAME}  {named(state / file)} is damaged.\n  → " in done.output
        return
    assert isinstance(done.exception, DamagedFileError), done.exception
    assert done.exception.message == f"{named(state / file)} is damaged."
    assert done.exception.hint
    assert "4242" not in done.exception.hint


def damage(file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(0o600)
    file.write_text(GARBAGE)


def named(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


@pytest.mark.parametrize(
    ("file", "command"),
    [("pki/identities.json", "certs init"), ("issuer/endpoints.json", "issuer setup-link"), ("broker/endpoints.json", "doctor"),
     ("egress/settings.json", "teach list"), ("broker/broker.json", "broker enrol"), ("install.json", "uninstall")],
)  # fmt: skip
def test_a_file_without_the_members_it_needs_is_damaged_too(state: Path, file: str, command: str) -> None:
    damage(state / file)
    (state / file).write_text("{}")
    done = CliRunner().invoke(app, ["--state", str(state), *command.split()], input="ABCD-EFGH-JKMN-PQRS\n")
    assert f"{named(state / file)} is damaged." in done.output + str(done.exception)


def test_a_torn_page_inside_a_database_is_found(state: Path) -> None:
    database = state / "broker" / "broker.db"
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    for left in ("-wal", "-shm"):
        database.with_name(database.name + left).unlink(missing_ok=True)
    done = CliRunner().invoke(app, ["--state", str(state), "doctor"])
    assert f"{NAME}  broker/broker.db is damaged." in done.output
    assert isinstance(CliRunner().invoke(app, ["--state", str(state), "releases"]).exception, DamagedFileError)


def test_damaged_files_are_found_alone_and_left_as_they_are(state: Path) -> None:
    damage(state / "pki" / "ca.crt")
    damage(state / "egress" / "settings.json")
    done = CliRunner().invoke(app, ["--state", str(state), "doctor", "--json"])
    assert [finding["name"] for finding in json.loads(done.stdout)] == [NAME, NAME]
    assert (state / "pki" / "ca.crt").read_text() == GARBAGE


def test_a_leaf_is_made_again_as_the_hint_says(state: Path) -> None:
    damage(state / "pki" / "broker-client.crt")
    refused = CliRunner().invoke(app, ["--state", str(state), "certs", "show"]).exception
    assert isinstance(refused, LedgerError)
    assert (refused.hint or "").endswith("certs rotate broker-client")
    assert CliRunner().invoke(app, ["--state", str(state), "certs", "rotate", "broker-client"]).exception is None
    assert CliRunner().invoke(app, ["--state", str(state), "certs", "show"]).exception is None


@pytest.mark.parametrize(
    ("variable", "command"),
    [("LEDGEROS_BROKER_FILL_SECONDS", "broker run"), ("LEDGEROS_ISSUER_BODY_LIMIT", "issuer run"),
     ("LEDGEROS_ISSUER_EXTRA_HOSTS", "issuer run"), ("LEDGEROS_ISSUER_SETUP_LINK_MINUTES", "issuer setup-link")],
)  # fmt: skip
def test_a_wrong_setting_is_named_by_its_variable_without_its_value(
    state: Path, monkeypatch: pytest.MonkeyPatch, variable: str, command: str
) -> None:
    (state / "issuer" / "endpoints.json").write_text('{"publicUrl": "https://localhost:1", "brokerUrl": "https://localhost:2", "pid": 1}')
    monkeypatch.setenv(variable, GARBAGE)
    refused = CliRunner().invoke(app, ["--state", str(state), *command.split()]).exception
    assert isinstance(refused, LedgerError)
    assert f"{variable}: " in refused.message
    assert "4242" not in f"{refused.message} {refused.hint}"
    assert refused.__cause__ is None
    assert refused.__context__ is None


def test_up_says_which_setting_of_a_server_is_wrong(tmp_path: Path) -> None:
    ports = ["--port", "0", "--broker-port", "0", "--agent-port", "0"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "broker.cli", "--state", str(tmp_path / "state"), "up", *ports],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "LEDGEROS_BROKER_FILL_SECONDS": GARBAGE},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "✕ A setting cannot be used. LEDGEROS_BROKER_FILL_SECONDS: " in done.stderr
    assert "4242" not in done.stdout + done.stderr


@pytest.mark.parametrize("settings", [None, "missing.json", "garbage.json", "empty.json", "."])
def test_the_egress_says_what_is_wrong_with_its_settings(tmp_path: Path, settings: str | None) -> None:
    (tmp_path / "garbage.json").write_text(GARBAGE)
    (tmp_path / "empty.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "broker.egress", *([] if settings is None else [settings])], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "4242" not in done.stderr
