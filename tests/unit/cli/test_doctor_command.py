"""``ledgeros doctor`` as a person and a machine read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.cli.root import app


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_what_is_wrong_ends_with_status_1_and_each_finding_has_its_cure(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "doctor", "--json"])
    assert done.exit_code == 1
    found = {finding["name"]: finding["cure"] for finding in json.loads(done.stdout)}
    command = f"ledgeros --state {tmp_path / 'state'}"  # so that a machine can run it as it stands
    assert found["certificate-missing"] == f"{command} up"
    assert found["broker-stopped"] == f"{command} up"
    assert found["host-manifest-missing"] == f"{command} install"
    assert all(found.values())


def test_a_person_reads_the_name_the_fault_and_the_cure(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "doctor"])
    cure = f"ledgeros --state {tmp_path / 'state'} up"
    assert f"✕ broker-stopped  The broker does not run.\n  → {cure}\n" in done.stdout


def test_looking_changes_nothing(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "doctor"])
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "home").exists()
