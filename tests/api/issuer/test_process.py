"""LedgerOS as its own process: started, found, set up, stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broker import tlog
from broker.core.errors import LedgerError
from broker.issuer import admin
from broker.issuer.app import run
from broker.pki.contexts import client_context
from tests.api.issuer.owner import PASSWORD
from tests.api.issuer.serving import ask, make_pki, session_with

PROGRAM = "import sys; from pathlib import Path; from broker.issuer.app import run; run(Path(sys.argv[1]))"


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, "LedgerOS stopped early"
        assert time.monotonic() < deadline, "LedgerOS did not start"
        time.sleep(0.05)


async def test_a_process_starts_is_set_up_and_stops_gracefully(tmp_path: Path) -> None:
    pki = make_pki(tmp_path / "pki")
    endpoints = tmp_path / "issuer" / "endpoints.json"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stderr=subprocess.PIPE)  # noqa: ASYNC220
    try:
        wait_for(endpoints, process)
        found = json.loads(endpoints.read_text())
        assert found["pid"] == process.pid
        assert set(found) == {"publicUrl", "brokerUrl", "pid"}
        link = admin.create_setup_link(tmp_path)
        assert link.startswith(found["publicUrl"] + "/setup/")
        async with session_with(client_context(pki)) as session:
            assert (await ask(session, "POST", link, data={"name": "Ada", "password": PASSWORD})).status == 303
            assert (await ask(session, "GET", found["publicUrl"] + "/")).status == 200
        for file in (tmp_path / "issuer").rglob("*"):
            if file.is_file():
                assert file.stat().st_mode & 0o077 == 0, f"{file.name} is for its owner only"
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    assert not endpoints.exists()
    entries = admin.read_events(tmp_path)
    assert tlog.verify(entries)[0] == len(entries)


def test_without_certificates_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no certificates"):
        run(tmp_path)


def test_without_a_running_process_there_is_no_link(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        admin.create_setup_link(tmp_path)
    assert caught.value.code == "not_running"


def test_key_files_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    from broker.issuer.keys import KeyFolder

    first, second = KeyFolder(tmp_path), KeyFolder(tmp_path)
    assert first.encryption_key(1) == second.encryption_key(1)
    assert first.security_code != first.number_index
    assert [oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == ["0o600"] * 3
