"""The wheel: it carries the extension, and is all that a clean virtual environment needs."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from broker.install.extension_build import extension_id
from broker.install.wheel import make_wheel

pytestmark = pytest.mark.xdist_group("wheel")  # built once for both tests


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wheel(tmp_path_factory.mktemp("dist"))


def test_the_wheel_carries_the_built_extension_and_its_id(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("broker/_extension/chrome-mv3/manifest.json"))
        assert archive.read("broker/_extension/extension-id.txt").decode().strip() == extension_id()
    worker = manifest["background"]["service_worker"]
    assert f"broker/_extension/chrome-mv3/{worker}" in names
    assert "broker/native_host/host.py" in names
    assert not [name for name in names if "node_modules" in name or name.startswith("tests/")]


def environment(home: Path) -> dict[str, str]:
    """Nothing of the clone, and a home of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "LEDGEROS_STATE", "VIRTUAL_ENV")}
    return {**inherited, "HOME": str(home), "COLUMNS": "200"}


@pytest.mark.timeout(300)  # a limit for busy machines: it is 25 s with a warm index
def test_in_a_clean_environment_the_wheel_is_installed_and_up_runs(wheel: Path, tmp_path: Path) -> None:
    folder, state = tmp_path / "environment", tmp_path / "state"
    venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)

    def ledgeros(*arguments: str) -> list[str]:
        return [str(folder / "bin" / "ledgeros"), "--state", str(state), *arguments]

    home = tmp_path / "home"
    home.mkdir()
    command = ledgeros("up", "--port", "0", "--broker-port", "0", "--agent-port", "0")
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True) as up:
        try:
            assert up.stdout is not None
            assert any("Ready" in line for line in up.stdout)
            agents = json.loads((state / "broker" / "endpoints.json").read_text())["agentUrl"]
            trust = ssl.create_default_context(cafile=str(state / "pki" / "ca.crt"))
            with urllib.request.urlopen(f"{agents}/v1/health", context=trust) as answer:
                assert json.load(answer) == {"status": "ok"}

            installed = json.loads(run(ledgeros("install", "--browser", "chromium", "--json"), home).stdout)
            assert (Path(installed["extension"]) / "manifest.json").is_file()
            found = json.loads(run(ledgeros("doctor", "--json"), home).stdout)
            assert {finding["name"] for finding in found if finding["severity"] == "fault"} <= {
                "broker-not-enrolled", "no-browser-paired", "port-taken", "confined-browser",
            }  # fmt: skip
        finally:
            up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0


def run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False, timeout=60)
