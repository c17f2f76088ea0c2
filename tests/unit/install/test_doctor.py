"""The doctor: each fault, injected into an installation, is found under its name and with a cure; a sound one has none."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table

from broker.audit import Event, record
from broker.channel.tables import devices
from broker.install.doctor import (
    Finding,
    Machine,
    Port,
    certificate,
    channel,
    confined_browser,
    debugger,
    diagnose,
    egress,
    extension_old,
    host_manifest,
    ledgeros,
    port_taken,
    setup,
    shadowed,
)
from broker.install.doctor import extension_id as extension_ids
from broker.install.doctor.processes import processes
from broker.install.egress import public_key
from broker.install.extension_build import brought_version
from broker.install.installer import install, installed_extension
from broker.install.layout import StateFolder
from broker.install.registry import FileRegistry
from broker.issuer.brokers.tables import brokers, passkeys
from broker.issuer.brokers.tables import devices as enrolled_devices
from broker.issuer.database import open_database
from broker.issuer.organisations.tables import organisations
from broker.protocol.sealing import key_id
from broker.state import BrokerState
from broker.storage import Database

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A sound installation for Chromium. Its `proc` holds no process; tests that need real ones say so."""
    state, home = StateFolder(tmp_path / "state"), tmp_path / "home"
    extension = tmp_path / "built"
    extension.mkdir()
    (extension / "manifest.json").write_text(json.dumps({"version": brought_version()}))
    (home / ".config" / "chromium").mkdir(parents=True)
    registry = FileRegistry(home, "linux")
    install(state, registry, ["chromium"], extension)
    return Machine(state, home, registry, root=tmp_path / "root", proc=tmp_path / "proc", platform="linux")


def manifest_of(machine: Machine) -> Path:
    return machine.home / ".config/chromium/NativeMessagingHosts/so.ledger.broker.json"


def only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    assert finding.cure
    return finding


def rewrite(file: Path, **changes: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_what_does_not_need_a_server_is_sound_after_an_installation(machine: Machine) -> None:
    assert {finding.name for finding in diagnose(machine)} == {ledgeros.UNREACHABLE, channel.STOPPED}


def test_a_database_of_a_newer_ledgeros_is_found_and_left_alone(machine: Machine) -> None:
    organisation(machine, "click")
    file = machine.state.issuer / "issuer.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 99")
    (finding,) = diagnose(machine)
    assert finding.name == "database-newer"
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (99,)


def test_a_host_manifest_that_is_missing_is_found(machine: Machine) -> None:
    manifest_of(machine).unlink()
    finding = only(host_manifest.check(machine))
    assert (finding.name, finding.cure) == ("host-manifest-missing", "ledgeros install")


def test_a_profile_that_was_told_must_still_be_told_while_it_is_there(machine: Machine, tmp_path: Path) -> None:
    profile = tmp_path / "agent"
    install(machine.state, machine.registry, [str(profile)], tmp_path / "built")
    assert not [*host_manifest.check(machine), *shadowed.check(machine)]
    manifest = profile / "NativeMessagingHosts" / "so.ledger.broker.json"
    rewrite(manifest, path="/opt/other/host")
    assert str(profile) in only(shadowed.check(machine)).what
    manifest.unlink()
    assert only(host_manifest.check(machine)).what == f"The browser of {profile} has lost its native messaging manifest."
    shutil.rmtree(profile)
    assert not list(host_manifest.check(machine))


def test_a_launcher_that_is_gone_is_named(machine: Machine) -> None:
    (machine.state.host / "ledgeros-native-host").unlink()
    assert "launcher" in only(host_manifest.check(machine)).what


def test_where_nothing_was_installed_the_cure_is_to_install(machine: Machine) -> None:
    (machine.state.path / "install.json").unlink()
    assert only(host_manifest.check(machine)).cure == "ledgeros install"


def test_a_manifest_that_admits_another_extension_is_found(machine: Machine) -> None:
    rewrite(manifest_of(machine), allowed_origins=["chrome-extension://abcdefghijklmnopabcdefghijklmnop/"])
    assert only(extension_ids.check(machine)).name == "wrong-extension-id"


def test_a_machine_wide_manifest_that_a_user_level_one_shadows_is_found(machine: Machine) -> None:
    machine_wide = machine.root / "etc/chromium/native-messaging-hosts/so.ledger.broker.json"
    machine_wide.parent.mkdir(parents=True)
    shutil.copy(manifest_of(machine), machine_wide)
    assert not list(shadowed.check(machine))
    rewrite(manifest_of(machine), path="/opt/other/host")
    finding = only(shadowed.check(machine))
    assert finding.name == "host-manifest-shadowed"
    assert "machine-wide" in finding.what
    assert str(manifest_of(machine)) in finding.cure


def test_a_manifest_of_another_installation_is_told_from_ours(machine: Machine) -> None:
    rewrite(manifest_of(machine), path="/opt/other/host")
    assert "another installation" in only(shadowed.check(machine)).what


@pytest.mark.parametrize(
    ("place", "kind"),
    [("root/snap/bin/chromium", "snap"), ("root/var/lib/flatpak/app/org.chromium.Chromium", "flatpak"),
     ("home/.local/share/flatpak/app/com.brave.Browser", "flatpak")],
)  # fmt: skip
def test_a_confined_browser_is_named_with_its_kind(machine: Machine, tmp_path: Path, place: str, kind: str) -> None:
    (tmp_path / place).mkdir(parents=True)
    finding = only(confined_browser.check(machine))
    assert finding.name == "confined-browser"
    assert kind in finding.what


def test_a_confined_browser_beside_an_ordinary_one_is_no_fault(machine: Machine) -> None:
    for place in ("snap/bin", "usr/bin"):
        (machine.root / place).mkdir(parents=True)
        (machine.root / place / "chromium").touch()
    assert not list(confined_browser.check(machine))


def test_who_holds_a_port_that_is_taken_is_named(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        real = replace(machine, proc=Path("/proc"), ports=(Port("broker", port, "--agent-port"),))
        finding = only(port_taken.check(real))
        assert finding.name == "port-taken"
        assert f"(process {os.getpid()})" in finding.what
        assert finding.cure == f"kill {os.getpid()}"
    assert not list(port_taken.check(real))


def test_a_port_that_another_person_holds_is_moved_around(machine: Machine) -> None:
    listening = "   0: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1001 0 4711 1"
    (machine.proc / "net").mkdir(parents=True)
    (machine.proc / "net" / "tcp").write_text(f"heading\n{listening}\n")
    finding = only(port_taken.check(replace(machine, ports=(Port("issuer", 0x20FB, "--port"),))))
    assert "another person's process" in finding.what
    assert finding.cure == "ledgeros up --port 0"


def test_a_port_that_another_ledgeros_holds_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").write_bytes(b"/usr/bin/python3\0-m\0broker.install.server\0issuer\0")
    assert [str(process) for process in processes(tmp_path)] == ["another LedgerOS (process 7)"]


def test_a_file_in_the_place_of_the_egresss_socket_is_found(machine: Machine) -> None:
    place = machine.state.path / "run" / "egress.sock"
    place.parent.mkdir()
    place.touch()
    finding = only(port_taken.check(machine))
    assert finding.name == "socket-taken"
    assert finding.cure == f"rm {place}"
    place.unlink()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(os.path.relpath(place))  # a socket's path is short: unix(7)
    assert not list(port_taken.check(machine))  # the next start takes its place


def test_where_ledgeros_was_never_started_the_cure_is_to_start_it(machine: Machine) -> None:
    shutil.rmtree(machine.state.pki.path)
    finding = only(certificate.check(machine))
    assert (finding.name, finding.cure) == ("certificate-missing", "ledgeros up")


def test_an_expired_certificate_is_found(machine: Machine) -> None:
    later = replace(machine, now=lambda: datetime.now(UTC) + timedelta(days=31))
    findings = list(certificate.check(later))
    assert {finding.name for finding in findings} == {"certificate-expired"}
    assert {finding.cure for finding in findings} == {"ledgeros certs rotate"}


def test_a_clock_that_is_behind_the_certificates_is_found(machine: Machine) -> None:
    earlier = replace(machine, now=lambda: datetime.now(UTC) - timedelta(days=1))
    assert {finding.name for finding in certificate.check(earlier)} == {"certificate-not-yet-valid"}


def test_a_certificate_that_is_missing_is_found(machine: Machine) -> None:
    (machine.state.pki.path / "broker-client.crt").unlink()
    assert only(certificate.check(machine)).cure == "ledgeros certs init"
    assert only(ledgeros.check(machine)).name == ledgeros.UNREACHABLE


def test_an_extension_older_than_the_broker_is_found(machine: Machine) -> None:
    assert not list(extension_old.check(machine))
    (installed_extension(machine.state) / "manifest.json").write_text('{"version": "0.0.9"}')
    finding = only(extension_old.check(machine))
    assert finding.name == "extension-old"
    assert "0.0.9" in finding.what


def test_an_extension_that_is_gone_is_found(machine: Machine) -> None:
    shutil.rmtree(installed_extension(machine.state))
    assert only(extension_old.check(machine)).name == "extension-missing"


def test_ledgeros_that_does_not_answer_is_found(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    BrokerState(machine.state.path).write_issuer(f"https://localhost:{port}", f"https://localhost:{port}")
    finding = only(ledgeros.check(machine))
    assert (finding.name, finding.cure) == ("ledgeros-unreachable", "ledgeros up")


def running(command: list[str]) -> Iterator[int]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()  # from here on its command line is its own
        yield process.pid
        process.stdin.write(b"\n")
        process.stdin.close()


def broker_runs(machine: Machine, pid: int, channel_port: int) -> None:
    machine.state.broker.mkdir(exist_ok=True)
    endpoints = {"agentUrl": "https://localhost:1", "channelPort": channel_port, "pid": pid}
    (machine.state.broker / "endpoints.json").write_text(json.dumps(endpoints))


def pair(machine: Machine) -> None:
    row = {"id": "dev_1", "name": "Chromium", "signing_key": b"k" * 32, "paired_at": 1}
    with BrokerState(machine.state.path).open_database() as database:
        database.write_now(lambda tx: tx.sql.execute(devices.insert().values(**row)))


@pytest.fixture
def server() -> Iterator[int]:
    """A process that looks like a server of ours."""
    yield from running([sys.executable, "-c", "print(flush=True); input()", "broker.install.server"])


def test_a_broker_that_does_not_run_is_found(machine: Machine) -> None:
    assert only(channel.check(machine)).name == "broker-stopped"


def test_a_broker_that_was_killed_and_whose_process_id_another_program_has_does_not_run(machine: Machine, driven_browser: int) -> None:
    broker_runs(machine, driven_browser, 1)
    assert only(channel.check(machine)).name == "broker-stopped"


def test_that_no_browser_is_paired_is_found(machine: Machine, server: int) -> None:
    broker_runs(machine, server, 1)
    assert only(channel.check(machine)).cure == "ledgeros pair"


def test_a_worker_that_sleeps_is_found(machine: Machine, server: int) -> None:
    pair(machine)
    real = replace(machine, proc=Path("/proc"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        broker_runs(machine, server, port)
        assert only(channel.check(real)).name == "no-browser-connected"
        with socket.create_connection(("127.0.0.1", port)), listening.accept()[0]:
            assert not list(channel.check(real))


def egress_runs(machine: Machine, pid: int) -> str:
    """An announced egress with a key of its own; the key's id."""
    mine = key_id(public_key(machine.state))
    (machine.state.egress / "endpoints.json").write_text(json.dumps({"socket": "x", "keyId": mine, "pid": pid}))
    return mine


def test_an_egress_that_does_not_run_is_a_caution(machine: Machine, server: int) -> None:
    assert not list(egress.check(machine))  # without a broker that is the fault
    broker_runs(machine, server, 1)
    finding = only(egress.check(machine))
    assert (finding.name, finding.cure, finding.severity) == ("egress-stopped", "ledgeros up", "caution")


def test_an_egress_whose_key_was_not_enrolled_is_found(machine: Machine, server: int) -> None:
    broker_runs(machine, server, 1)
    mine = egress_runs(machine, server)
    assert only(egress.check(machine)).cure == "ledgeros egress enrol"
    enrolled(machine, "another key")
    assert list(egress.check(machine))
    enrolled(machine, mine)
    assert not list(egress.check(machine))


@pytest.mark.parametrize("name", ["taught.json", "accounts.json"])
def test_a_file_of_the_egress_that_others_may_write_is_found_with_its_cure(machine: Machine, name: str) -> None:
    machine.state.egress.mkdir(parents=True, exist_ok=True)
    file = machine.state.egress / name
    file.write_text("[]" if name == "taught.json" else "{}")
    file.chmod(0o600)
    assert not list(egress.check(machine))
    file.chmod(0o666)
    finding = only(egress.check(machine))
    assert "writable by others" in finding.what
    assert str(file) in finding.cure


def enrolled(machine: Machine, key: str) -> None:
    event = Event("person:egress:enrolled", {"egressId": "egr_1", "keyId": key, "organisation": "Company"})
    with BrokerState(machine.state.path).open_database() as database:
        database.write_now(lambda tx: record(tx, 1, event))


def organisation(machine: Machine, approval: str) -> None:
    values = {"id": "org_1", "name": "Company", "approval": approval, "step_up_above": 0, "raw_pan_enabled": False, "created_at": 1}
    with open_database(machine.state.issuer / "issuer.db") as database:
        database.write_now(lambda tx: tx.sql.execute(organisations.insert().values(**values)))


def add(database: Database, table: Table, row: dict[str, object]) -> None:
    database.write_now(lambda tx: tx.sql.execute(table.insert().values(**row)))


def enrol_browser(machine: Machine) -> None:
    broker = {"id": "brk_1", "org_id": "org_1", "name": "desk", "enrolled_at": 1}
    device = {
        "id": "dev_1", "org_id": "org_1", "broker_id": "brk_1", "name": "Chromium", "extension_origin": "chrome-extension://x",
        "signing_key": b"s", "sealing_key": b"x", "sealing_key_id": "k", "enrolled_at": 1,
    }  # fmt: skip
    with open_database(machine.state.issuer / "issuer.db") as database:
        for table, row in ((brokers, broker), (enrolled_devices, device)):
            add(database, table, row)


def enrol_passkey(machine: Machine) -> None:
    key = {
        "id": "pk_1", "credential_id": "c", "org_id": "org_1", "device_id": "dev_1", "public_key": b"p", "sign_count": 0, "enrolled_at": 1,
    }  # fmt: skip
    with open_database(machine.state.issuer / "issuer.db") as database:
        add(database, passkeys, key)


def to_do(machine: Machine) -> list[str]:
    return [finding.name for finding in setup.check(machine)]


def test_every_step_that_is_still_to_do_is_named(machine: Machine) -> None:
    open_database(machine.state.issuer / "issuer.db").close()
    BrokerState(machine.state.path).open_database().close()
    steps = [*setup.check(machine)]
    assert [(step.name, step.severity) for step in steps] == [
        ("owner-missing", "fault"), ("broker-not-enrolled", "fault"), ("no-browser-paired", "fault"), ("browser-not-enrolled", "fault"),
        ("egress-not-enrolled", "caution"), ("agent-missing", "fault"),
    ]  # fmt: skip
    assert "passkey" in steps[3].what
    found = diagnose(machine)
    assert found[-len(steps) :] == steps
    assert len({finding.name for finding in found}) == len(found)  # none is told twice


def test_an_authenticator_that_is_missing_is_found(machine: Machine) -> None:
    organisation(machine, "step-up")
    assert "owner-missing" not in to_do(machine)
    enrol_browser(machine)
    assert to_do(machine) == ["authenticator-missing", "egress-not-enrolled"]
    enrol_passkey(machine)
    assert to_do(machine) == ["egress-not-enrolled"]


def test_approval_by_click_needs_no_authenticator(machine: Machine) -> None:
    organisation(machine, "click")
    enrol_browser(machine)
    assert to_do(machine) == ["egress-not-enrolled"]


def test_of_a_ledgeros_elsewhere_and_a_broker_that_never_ran_no_step_is_claimed(machine: Machine) -> None:
    assert to_do(machine) == []
    assert not machine.state.issuer.exists()
    assert not (machine.state.broker / "broker.db").exists()


@pytest.fixture
def driven_browser(tmp_path: Path) -> Iterator[int]:
    """A process that looks like a browser which another program drives."""
    program = tmp_path / "chromium"
    program.symlink_to("/bin/sh")
    yield from running([str(program), "-c", "echo; read line", "--remote-debugging-port=9222"])


def findings_about(pid: int, machine: Machine) -> list[Finding]:
    return [found for found in debugger.check(replace(machine, proc=Path("/proc"))) if f"(process {pid})" in found.what]


def test_another_debugger_is_a_caution_where_a_passkey_is_needed(machine: Machine, driven_browser: int) -> None:
    organisation(machine, "passkey")
    (finding,) = findings_about(driven_browser, machine)
    assert (finding.name, finding.severity) == ("debugger-attached", "caution")
    assert "--remote-debugging-port" in finding.what


def test_another_debugger_is_a_fault_where_a_click_approves(machine: Machine, driven_browser: int) -> None:
    organisation(machine, "click")
    (finding,) = findings_about(driven_browser, machine)
    assert finding.severity == "fault"
    assert "passkey" in finding.cure
