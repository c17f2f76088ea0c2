"""The manifests that browsers read, as far as several checks look at them."""

from __future__ import annotations

import json
from typing import Any

from broker.install.doctor.finding import Machine
from broker.install.native_messaging import system_manifest_path


def user_manifest(machine: Machine, browser: str) -> dict[str, Any] | None:
    """What `browser` reads for this person; empty when it cannot be understood."""
    content = machine.registry.current(browser)
    return None if content is None else _parsed(content)


def system_manifest(machine: Machine, browser: str) -> dict[str, Any] | None:
    """What an administrator put there for everybody."""
    path = system_manifest_path(browser, machine.root, machine.platform)
    return _parsed(path.read_bytes()) if path is not None and path.is_file() else None


def is_ours(machine: Machine, manifest: dict[str, Any] | None) -> bool:
    """Whether it starts the host of this state folder."""
    return manifest is not None and str(manifest.get("path", "")).startswith(str(machine.state.host))


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
