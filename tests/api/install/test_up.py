"""``ledgeros up`` and ``down``: the servers start together, end together, and once only on a state folder."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.install.running import serves
from broker.install.supervisor import Ports, up

ROOT = Path(__file__).resolve().parents[3]
FREE_PORTS = ("--port", "0", "--broker-port", "0", "--agent-port", "0")


def command(state: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "broker.cli", "--state", str(state), *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def run(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(state, *arguments), env=environment(), capture_output=True, text=True, check=False, timeout=60)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"ended before it said {words!r}: {said}")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command(tmp_path, "up", *FREE_PORTS), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        if process.poll() is None:
            process.terminate()


def endpoints(state: Path, name: str) -> dict[str, object]:
    value = json.loads((state / name / "endpoints.json").read_text())
    assert isinstance(value, dict)
    return value


def pids(state: Path) -> list[int]:
    return [int(str(endpoints(state, name)["pid"])) for name in ("issuer", "broker", "egress")]


def test_all_answer_once_it_says_ready_and_end_with_ctrl_c(running: subprocess.Popen[str], tmp_path: Path) -> None:
    said = read_until(running, "agents add")
    assert f"ledgeros --state {tmp_path} issuer setup-link" in said
    assert " pair" in said
    trust = ssl.create_default_context(cafile=str(tmp_path / "pki" / "ca.crt"))
    with urllib.request.urlopen(f"{endpoints(tmp_path, 'broker')['agentUrl']}/v1/health", context=trust) as answer:
        assert json.load(answer) == {"status": "ok"}
    with urllib.request.urlopen(str(endpoints(tmp_path, "issuer")["publicUrl"]), context=trust) as answer:
        assert answer.status == 200
    assert str(endpoints(tmp_path, "egress")["socket"]) in said
    servers = pids(tmp_path)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 0
    assert not any(map(serves, servers))
    assert not (tmp_path / "issuer" / "endpoints.json").exists()
    assert not (tmp_path / "broker" / "endpoints.json").exists()
    assert not (tmp_path / "egress" / "endpoints.json").exists()


def test_a_second_up_says_who_runs_it_and_down_ends_it(running: subprocess.Popen[str], tmp_path: Path) -> None:
    read_until(running, "Ready")
    second = run(tmp_path, "up", *FREE_PORTS)
    assert second.returncode == 1
    assert f"process {running.pid}" in second.stderr
    assert f"ledgeros --state {tmp_path} down" in second.stderr
    assert json.loads(run(tmp_path, "down", "--json").stdout) == {"stopped": running.pid}
    assert running.wait(60) == 0
    again = run(tmp_path, "down")
    assert again.returncode == 1
    assert f"ledgeros --state {tmp_path} up" in again.stderr


def test_when_one_ends_the_others_do_too_and_its_log_is_named(running: subprocess.Popen[str], tmp_path: Path) -> None:
    read_until(running, "Ready")
    issuer, *others = pids(tmp_path)
    os.kill(issuer, signal.SIGKILL)
    said = read_until(running, "issuer.log")
    assert "LedgerOS ended unexpectedly" in said
    assert running.wait(60) == 1
    assert not any(map(serves, others))


def test_a_killed_up_takes_all_with_it(running: subprocess.Popen[str], tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("Linux ends the children of a killed process for us; elsewhere they stay")
    read_until(running, "Ready")
    watched = [os.pidfd_open(pid) for pid in pids(tmp_path)]
    running.kill()
    for descriptor in watched:
        wait_for_end(descriptor)


def wait_for_end(descriptor: int) -> None:
    import select

    try:
        assert select.select([descriptor], [], [], 60)[0], "it still runs"
    finally:
        os.close(descriptor)


def test_a_port_that_is_taken_is_said_in_words_and_nothing_stays_behind(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(tmp_path, "up", "--port", "0", "--broker-port", "0", "--agent-port", port)
    assert done.returncode == 1
    assert f"Port {port} is taken by " in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    assert "--agent-port 0" in done.stderr
    assert not (tmp_path / "issuer" / "endpoints.json").exists()


def test_a_file_in_the_place_of_the_egresss_socket_is_said_in_words(tmp_path: Path) -> None:
    place = tmp_path / "run" / "egress.sock"
    place.parent.mkdir()
    place.touch()
    done = run(tmp_path, "up", *FREE_PORTS)
    assert done.returncode == 1
    assert f"Remove it: {place}" in done.stderr
    assert place.exists()


def test_a_database_of_a_newer_ledgeros_is_refused_in_words(tmp_path: Path) -> None:
    import sqlite3

    run(tmp_path, "pair")
    with sqlite3.connect(tmp_path / "broker" / "broker.db") as database:
        database.execute("PRAGMA user_version = 99")
    for command in (["up", *FREE_PORTS], ["agents", "list"]):
        done = run(tmp_path, *command)
        assert done.returncode == 1
        assert "schema 99" in done.stderr
        assert "newer LedgerOS" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_logs_are_their_owners_only_and_the_last_run_is_kept(tmp_path: Path) -> None:
    from broker.install.layout import StateFolder

    for _ in range(2):
        with up(StateFolder(tmp_path), Ports(0, 0, 0), lambda name, endpoints: None):
            pass
    logs = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "logs").iterdir()}
    assert set(logs) == {f"{name}.log{kept}" for name in ("issuer", "broker", "egress") for kept in ("", ".1")}
    assert set(logs.values()) == {0o600}
