"""The wheel: it carries the extension, and is all that a clean virtual environment needs."""

from __future__ import annotations

import json
import os
import shutil
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


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a clean virtual environment in which the wheel was installed."""
    folder = tmp_path_factory.mktemp("clean") / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "bin"


@pytest.mark.timeout(300)  # a limit for busy machines: it is 25 s with a warm index
def test_in_a_clean_environment_the_wheel_is_installed_and_up_runs(scripts: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"

    def ledgeros(*arguments: str) -> list[str]:
        return [str(scripts / "ledgeros"), "--state", str(state), *arguments]

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
            to_do = {"owner-missing", "broker-not-enrolled", "no-browser-paired", "browser-not-enrolled", "agent-missing"}
            faults = {finding["name"] for finding in found if finding["severity"] == "fault"}
            assert to_do <= faults <= {*to_do, "port-taken", "confined-browser"}
        finally:
            up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0


BASH = """
ledgeros --install-completion
. ~/.bashrc
tab() { COMP_WORDS=(ledgeros "$@") COMP_CWORD=$#; _ledgeros_completion ledgeros; echo "$* → ${COMPREPLY[*]}"; }
complete -p ledgeros
tab gra; tab releases c; tab install --br; tab events list --of i; tab receipt verify /
"""
FISH = """
ledgeros --install-completion
source ~/.config/fish/completions/ledgeros.fish
for words in gra "releases c" "install --br" "events list --of i"
    echo "$words → "(complete -C "ledgeros $words" | string split --fields 1 \\t)
end
"""
COMPLETED = ("gra → grants", "releases c → cancel", "install --br → --browser", "events list --of i → issuer")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("shell", "script"), [("bash", BASH), ("fish", FISH)])
def test_tab_completes_the_installed_command_once_its_completion_is_installed(
    shell: str, script: str, scripts: Path, tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    variables = {**environment(tmp_path), "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]])}
    done = subprocess.run([shell, "-c", script], env=variables, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert not done.stderr
    assert [line for line in COMPLETED if line not in done.stdout] == []


@pytest.mark.timeout(300)
def test_the_installed_command_says_that_the_engineers_commands_need_a_clone(scripts: Path, tmp_path: Path) -> None:
    for command in ("wheel", "test", "lock"):
        done = run([str(scripts / "ledgeros"), command], tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (1, 2)
        assert f"./ledgeros {command}" in done.stderr


def run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False, timeout=60)
