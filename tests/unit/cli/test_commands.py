"""The command line as a person meets it: lists, JSON, refusals in a sentence, no tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.channel.tables import devices
from broker.cli.demo import demo_settings
from broker.cli.lock import refuse_addresses
from broker.cli.root import app
from broker.core.errors import LedgerError
from broker.state import BrokerState

ROOT = Path(__file__).resolve().parents[3]


def run(state: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "broker.cli", "--state", str(state), *arguments],
        env=environment, input=given, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_an_agent_is_added_listed_and_revoked(tmp_path: Path) -> None:
    added = json.loads(run(tmp_path, "agents", "add", "my-agent", "--json").stdout)
    assert added["credential"].startswith("bt_")
    listed = run(tmp_path, "agents", "list", "--json").stdout
    assert json.loads(listed)[0]["name"] == "my-agent"
    assert added["credential"] not in listed
    assert run(tmp_path, "agents", "revoke", added["id"]).returncode == 0
    assert json.loads(run(tmp_path, "agents", "list", "--json").stdout)[0]["revokedAt"] is not None


def test_a_pairing_code_is_shown_and_its_event_verifies_without_it(tmp_path: Path) -> None:
    code = json.loads(run(tmp_path, "pair", "--json").stdout)["code"]
    events = run(tmp_path, "events", "list", "--of", "broker", "--json").stdout
    assert json.loads(events)[0]["name"] == "person:pairing-code:created"
    assert code not in events
    assert run(tmp_path, "events", "verify", "--of", "broker").stdout.startswith("1 events hold")


def test_a_changed_log_does_not_verify(tmp_path: Path) -> None:
    import sqlite3

    run(tmp_path, "pair")
    with sqlite3.connect(tmp_path / "broker" / "broker.db") as database:
        database.execute("UPDATE events SET at = at + 1")
    done = run(tmp_path, "events", "verify", "--of", "broker")
    assert done.returncode == 1
    assert "The broker log was changed" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("devices", "revoke", "dev_1"),
        ("agents", "revoke", "agt_1"),
        ("issuer", "setup-link"),
        ("demo", "COLOUR=red"),
        ("demo", "HEADED=2"),
        ("demo", "SHOP=paypal"),
        ("broker", "enrol"),
        ("egress", "enrol"),
        ("agents", "add", "my-agent", "--file", "agent.json"),
        ("install", "--browser", "netscape"),
    ],
)
def test_a_refusal_is_at_most_three_lines_and_no_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("✕ ")
    assert len(done.stderr.strip().splitlines()) <= 3
    assert "Traceback" not in done.stderr


def test_a_person_agrees_to_a_shops_account_and_forgets_it(tmp_path: Path) -> None:
    assert "Nothing is remembered" in run(tmp_path, "egress", "accounts", "list").stdout
    assert run(tmp_path, "egress", "accounts", "allow", "https://shop.example/checkout", "stripe").returncode == 1
    assert json.loads(run(tmp_path, "egress", "accounts", "list", "--json").stdout) == [], "nobody said yes"
    assert run(tmp_path, "egress", "accounts", "allow", "https://shop.example/checkout", "stripe", given="y\n").returncode == 0
    assert "shop.example" in run(tmp_path, "egress", "accounts", "list").stdout
    (row,) = json.loads(run(tmp_path, "egress", "accounts", "list", "--json").stdout)
    assert row == {"origin": "https://shop.example", "processor": "stripe", "account": "the next one is taken"}
    assert run(tmp_path, "egress", "accounts", "forget", "shop.example", given="y\n").returncode == 0
    assert json.loads(run(tmp_path, "egress", "accounts", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    "words", [("allow", "https://shop.example", "nobody"), ("allow", "no address", "stripe"), ("forget", "shop.example")]
)
def test_what_cannot_be_agreed_to_is_said_without_a_traceback(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, "egress", "accounts", *words, given="y\n")
    assert done.returncode == 1
    assert "✕ " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "lists"),
    [("brokers revoke brk_1", "brokers list"), ("devices revoke dev_1", "devices list"), ("passkeys revoke pk_1", "passkeys list"),
     ("devices revoke dev_1 --of issuer", "devices list --of issuer"), ("egress revoke egr_1", "egress list"),
     ("grants revoke grant_1", "grants list"), ("agents revoke agt_1", "agents list")],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_the_command_that_lists_what_is(tmp_path: Path, command: str, lists: str) -> None:
    refused = CliRunner().invoke(app, ["--state", str(tmp_path), *command.split()]).exception
    assert isinstance(refused, LedgerError)
    assert refused.hint == f"List them: ledgeros --state {tmp_path} {lists}"


def test_a_browser_in_the_list_has_one_time_at_which_it_was_last_seen(tmp_path: Path) -> None:
    row = {"id": "dev_1", "name": "Chromium", "signing_key": b"k" * 32, "paired_at": 1, "last_seen": 2}
    with BrokerState(tmp_path).open_database() as database:
        database.write_now(lambda tx: tx.sql.execute(devices.insert().values(**row)))
    done = CliRunner().invoke(app, ["--state", str(tmp_path), "devices", "list", "--json"])
    (shown,) = json.loads(done.stdout)
    assert {name: value for name, value in shown.items() if name not in ("keyId", "publicKey")} == {
        "id": "dev_1", "name": "Chromium", "pairedAt": 1, "lastSeenAt": 2, "revokedAt": None,
    }  # fmt: skip


def test_a_broker_that_does_not_know_ledgeros_says_how_to_tell_it(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["--state", str(tmp_path), "broker", "enrol"], input="ABCD-EFGH-JKMN-PQRS\n").exception
    assert isinstance(refused, LedgerError)
    assert refused.code == "issuer_unknown"
    assert f"ledgeros --state {tmp_path} up" in (refused.hint or "")
    assert str(tmp_path / "broker" / "issuer.json") in (refused.hint or "")


def test_a_broker_with_the_certificate_of_another_says_which_file_to_remove(tmp_path: Path) -> None:
    run(tmp_path, "certs", "init")
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "broker.json").write_text('{"brokerId": "brk_other", "name": "desk"}')
    refused = CliRunner().invoke(app, ["--state", str(tmp_path), "broker", "run"]).exception
    assert isinstance(refused, LedgerError)
    assert refused.hint == f"To go on as the one of the certificate: rm {tmp_path / 'broker' / 'broker.json'}"


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "file", "agents", "list")
    assert done.returncode == 1
    assert done.stderr.startswith(f"✕ {tmp_path / 'file'}")
    assert "--state DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_fault_advises_finds_the_state_folder_again(tmp_path: Path) -> None:
    state = tmp_path / "a state"
    assert f"Start it: ledgeros --state '{state}' up" in run(state, "down").stderr
    named = subprocess.run(
        [sys.executable, "-P", "-m", "broker.cli", "down"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LEDGEROS_STATE": str(state)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Start it: ledgeros up" in named.stderr  # the variable finds it


def test_what_is_advised_is_typed_as_the_command_was(tmp_path: Path) -> None:
    state = tmp_path / "state"
    done = subprocess.run(
        [ROOT / "ledgeros", "--state", state, "down"], cwd=tmp_path, env={**os.environ, "COLUMNS": "300"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert f"Start it: {ROOT}/ledgeros --state {state} up" in done.stderr


def test_certificates_are_made_and_shown(tmp_path: Path) -> None:
    assert run(tmp_path, "certs", "init").returncode == 0
    rows = json.loads(run(tmp_path, "certs", "show", "--json").stdout)
    assert [row["file"] for row in rows] == ["ca.crt", "issuer-server.crt", "broker-server.crt", "broker-client.crt", "host-client.crt"]
    assert run(tmp_path, "certs", "ca").stdout == (tmp_path / "pki" / "ca.crt").read_text()


def test_a_port_that_is_taken_is_said_in_words(tmp_path: Path) -> None:
    import socket

    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "issuer.json").write_text('{"brokerUrl": "https://localhost:1", "publicUrl": "https://localhost:1"}')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "broker", "run", "--port", str(port))
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_arguments_of_the_demo_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADED", "1")
    for name in ("MODE", "SHOP", "THEME"):
        monkeypatch.delenv(name, raising=False)
    assert demo_settings([])["HEADED"] == "1"
    assert demo_settings(["HEADED=0", "MODE=direct"]) == {"HEADED": "0", "MODE": "direct", "SHOP": "hosted", "THEME": "light"}
    assert demo_settings(["SHOP=encrypting"])["SHOP"] == "encrypting"


def test_the_demo_knows_every_kind_of_shop() -> None:
    from broker.cli.demo import _KNOWN
    from broker.demo.shops.kinds import Kind

    assert set(_KNOWN["SHOP"]) == set(Kind)


def test_the_lock_names_no_download_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    refuse_addresses(text)
    requirements = [line for line in text.splitlines() if "==" in line]
    assert len(requirements) > 50
    assert text.count("--hash=sha256:") >= len(requirements)


@pytest.mark.parametrize(
    "line", ["--index-url something", "thing @ https://host.invalid/thing.whl", "thing==1  # from http://host.invalid"]
)
def test_a_lock_with_an_address_is_refused(line: str) -> None:
    with pytest.raises(LedgerError):
        refuse_addresses(f"aiohttp==3\n{line}\n")


def test_the_extensions_lock_names_no_download_address() -> None:
    lock = json.loads((ROOT / "extension" / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
