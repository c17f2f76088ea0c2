"""Where LedgerOS and the broker are, and what an agent holds: from arguments, or from one JSON or TOML file.

::

    {"ledgerUrl": "https://localhost:8443", "brokerUrl": "https://localhost:8450", "caFile": "ca.crt",
     "agentToken": "at_test_…", "brokerCredential": "bt_…"}
"""

from __future__ import annotations

import json
import os
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_NAMES = {
    "ledgerUrl": "ledger_url",
    "brokerUrl": "broker_url",
    "caFile": "ca_file",
    "agentToken": "agent_token",
    "brokerCredential": "broker_credential",
    "mcpToken": "mcp_token",
}
_OPTIONAL = frozenset({"mcpToken"})


class ConfigurationError(ValueError):
    """The configuration cannot be used; the text names the member and what to do, never its value."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `LedgerOS` needs. `ca_file` holds the CA of both servers; `mcp_token` is for MCP over HTTP only.

    Secrets stay out of ``repr``. Keep them out of the command line and the environment, too: other
    processes can read those.
    """

    ledger_url: str
    broker_url: str
    ca_file: Path | str
    agent_token: str = field(repr=False)
    broker_credential: str = field(repr=False)
    mcp_token: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """The configuration in `path` (``.toml`` is TOML, everything else JSON); `caFile` is relative to it.

        Raises `ConfigurationError` for a file that others can read, is not the format, or lacks a member.
        """
        path = Path(path)
        members = _parse(path, _read_private(path))
        unknown = sorted(members.keys() - _NAMES.keys())
        missing = sorted(_NAMES.keys() - members.keys() - _OPTIONAL)
        if unknown or missing:
            named = ", ".join([*(f"{name} is missing" for name in missing), *(f"{name!r} is unknown" for name in unknown)])
            raise ConfigurationError(f"{path.name}: {named}. Its members are {', '.join(_NAMES)}.")
        wrong = sorted(name for name, value in members.items() if not isinstance(value, str) or not value)
        if wrong:
            raise ConfigurationError(f"{path.name}: {', '.join(wrong)} must be text.")
        ca_file = path.parent / Path(members["caFile"]).expanduser()
        return cls(**{_NAMES[name]: value for name, value in members.items()} | {"ca_file": ca_file})


def _read_private(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise ConfigurationError(f"{path.name} holds secrets and others can read it. Run: chmod 600 {path.name}")
            return file.read()
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path.name} is not UTF-8.") from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    is_toml = path.suffix == ".toml"
    try:
        value = tomllib.loads(text) if is_toml else json.loads(text)
    except ValueError:  # from None: the parsers' messages quote the file
        raise ConfigurationError(f"{path.name} is not {'TOML' if is_toml else 'JSON'}. Check its syntax.") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path.name} is not one JSON object.")
    return value
