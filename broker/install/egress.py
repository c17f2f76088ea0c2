"""The egress of a state folder: its settings, its key at LedgerOS, and the process.

`ledgeros up` starts it beside the broker; `running` is for a demo or a test that starts the parts itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broker.core.errors import LedgerError
from broker.egress.keys import load_or_make
from broker.egress.settings import EgressSettings, Limits, usual_socket
from broker.install.layout import StateFolder, clone_root
from broker.pki.files import write_private

if TYPE_CHECKING:
    from broker.protocol.issuer_api import EgressEnrolled

SETTINGS = "settings.json"
_STOP_SECONDS = 8.0


def write_settings(
    state: StateFolder, *, sandbox: bool = False, extra_ca: Path | None = None, limits: Limits | None = None
) -> EgressSettings:
    """Say how the egress of `state` runs. With `sandbox` it also pays on loopback, and trusts the CA in `extra_ca`."""
    settings = EgressSettings(
        folder=state.egress, socket=usual_socket(state.path), broker_uid=os.getuid(), sandbox=sandbox, extra_ca=extra_ca,
        limits=limits or Limits(),
    )  # fmt: skip
    state.egress.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(state.egress / SETTINGS, json.dumps(settings.wire(), indent=2).encode() + b"\n")
    return settings


def read_settings(state: StateFolder) -> EgressSettings:
    """How the egress of `state` runs; written when nobody said it yet."""
    file = state.egress / SETTINGS
    return EgressSettings.from_file(file) if file.exists() else write_settings(state)


def public_key(state: StateFolder) -> bytes:
    """The egress's raw X25519 public key; the key is made when it is missing."""
    return load_or_make(state.egress).public_key().public_bytes_raw()


def enrol(state: StateFolder, code: str) -> EgressEnrolled:
    """Enrol the egress's key with a code from LedgerOS's dashboard; `LedgerError` says why it did not work. Not inside an event loop."""
    from broker.admin import enrol_egress  # the egress's own process reads its settings here, and needs nothing of the broker's

    return enrol_egress(state.path, code, public_key(state))


@contextmanager
def running(state: StateFolder, log: Path) -> Iterator[dict[str, Any]]:
    """The egress as a process of its own; yields its ready line: ``socket``, ``publicKey``, ``keyId``. `log` gets what else it says."""
    read_settings(state)
    command = [sys.executable, "-P", "-m", "broker.egress", str(state.egress / SETTINGS)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(clone_root())},
        )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise LedgerError(500, "egress_ended", "The egress did not start.", f"Read {log}")
        yield json.loads(line)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
