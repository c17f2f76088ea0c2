"""Writes what the browser starts: a launcher script and its configuration, in one folder.

The installer calls `write_launcher` and puts the manifest it returns where the browser looks.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HOST_NAME = "so.ledger.broker"


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Where the host finds its broker. Paths are absolute; `broker_id` is what the server's certificate must name.

    `port_file` holds ``{"port": n}`` and is rewritten by the broker each time it starts.
    """

    port_file: str
    ca_file: str
    cert_file: str
    key_file: str
    broker_id: str
    host: str = "127.0.0.1"


def write_launcher(folder: Path, config: HostConfig, extension_ids: Sequence[str], python: str = sys.executable) -> dict[str, Any]:
    """Write ``host.json`` and the launcher into `folder` and return the browser's host manifest.

    Each of `extension_ids` may start the host; that does not authenticate it, the channel inside does.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config_file = folder / "host.json"
    config_file.write_text(json.dumps(asdict(config), indent=1) + "\n", encoding="utf-8")
    config_file.chmod(0o600)
    command = [python, "-I", "-S", str(Path(__file__).with_name("host.py")), str(config_file)]
    launcher = _write_batch(folder, command) if os.name == "nt" else _write_shell(folder, command)
    return {
        "name": HOST_NAME,
        "description": "Connects the LedgerOS extension to the broker on this machine.",
        "path": str(launcher),
        "type": "stdio",
        "allowed_origins": [f"chrome-extension://{extension_id}/" for extension_id in extension_ids],
    }


def _write_shell(folder: Path, command: list[str]) -> Path:
    launcher = folder / "ledgeros-native-host"
    launcher.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n", encoding="utf-8")
    launcher.chmod(0o700)
    return launcher


def _write_batch(folder: Path, command: list[str]) -> Path:
    launcher = folder / "ledgeros-native-host.bat"
    quoted = " ".join(f'"{part}"' for part in command)
    launcher.write_text(f"@echo off\r\n{quoted}\r\n", encoding="utf-8", newline="")
    return launcher
