"""What a server process of ``ledgeros up`` loads, and that it waits for the word to begin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from broker.install.layout import clone_root

SERVERS = ("issuer", "broker", "egress")


def printed_by(code: str, **variables: str) -> list[str]:
    """The words that a fresh interpreter prints."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()


def loaded_by(name: str) -> set[str]:
    """The modules of the server `name` once its code is loaded."""
    return set(
        printed_by(
            "import sys; from pathlib import Path; from broker.install import server\n"
            f"with server._quick_imports(): server._{name}(Path('/nowhere'), [0, 0])\n"
            "print(*(found for found, module in sys.modules.items() if module))"
        )
    )


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_loads_no_command_line_and_nothing_that_waits_for_its_first_use(name: str) -> None:
    loaded = loaded_by(name)
    assert "aiohttp" in loaded
    assert not {"typer", "rich", "webauthn", "broker.cli"} & loaded


def test_the_egress_loads_nothing_of_the_broker_or_of_ledgeros() -> None:
    loaded = loaded_by("egress")
    assert "broker.egress.app" in loaded
    assert not {"sqlalchemy", "broker.admin", "broker.state", "broker.app", "broker.releases", "broker.issuer", "broker.channel"} & loaded


def test_while_it_loads_no_public_certificate_authority_is_read_and_later_they_are(tmp_path: Path) -> None:
    """aiohttp makes a TLS context while it is imported; every session of ours brings its own."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "authorities.pem"))
    code = (
        "import ssl; from broker.install import server\n"
        "with server._quick_imports(): import aiohttp.connector as connector\n"
        "print(len(connector._SSL_CONTEXT_VERIFIED.get_ca_certs()), len(ssl.create_default_context().get_ca_certs()))"
    )
    assert printed_by(code, SSL_CERT_FILE=str(tmp_path / "authorities.pem")) == ["0", "1"]


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_never_told_to_begin_opens_nothing(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "broker.install.server", name, str(tmp_path), str(os.getpid()), "0", "0"]
    environment = {**os.environ, "PYTHONPATH": str(clone_root())}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not list(tmp_path.iterdir())
