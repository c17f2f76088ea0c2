"""The state folder: one place for everything an installation keeps, owner-only.

::

    pki/       CA and leaf certificates (see certs/README.md)
    issuer/    LedgerOS: database, keys, endpoints.json while it runs
    broker/    broker: database, broker.json, issuer.json, endpoints.json while it runs
    egress/    egress: its key, settings.json, taught.json, accounts.json, what was spent, endpoints.json while it runs
    run/       the egress's socket
    host/      native messaging host: launcher and host.json
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from broker.core.errors import LedgerError
from broker.core.state_files import DamagedFileError, read_object

if TYPE_CHECKING:
    from broker.pki.files import PkiFolder

STATE_VARIABLE = "LEDGEROS_STATE"
"""Environment variable that names the state folder; ``--state`` wins over it."""


def default_state() -> Path:
    """The state folder when none is named: ``LEDGEROS_STATE``, else the platform's place for a user's state."""
    named = os.environ.get(STATE_VARIABLE)
    return Path(named) if named else platformdirs.user_state_path("ledgeros")


def clone_root() -> Path:
    """The folder that holds the package ``broker``: the clone, when run from one."""
    return Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths of one installation."""

    path: Path

    @property
    def pki(self) -> PkiFolder:
        """Certificates."""
        # Not at the top: every command imports this file, few need X.509.
        from broker.pki.files import PkiFolder

        return PkiFolder(self.path / "pki")

    @property
    def issuer(self) -> Path:
        """LedgerOS's own folder."""
        return self.path / "issuer"

    @property
    def broker(self) -> Path:
        """The broker's own folder."""
        return self.path / "broker"

    @property
    def egress(self) -> Path:
        """The egress's own folder."""
        return self.path / "egress"

    @property
    def host(self) -> Path:
        """The native messaging host's folder."""
        return self.path / "host"

    def make(self) -> None:
        """Create the folder, readable by its owner only."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def issuer_endpoints(self) -> dict[str, Any]:
        """``publicUrl``, ``brokerUrl``, ``pid`` of the running LedgerOS; a `LedgerError` when it does not run."""
        return _endpoints(self.issuer, "LedgerOS", "publicUrl", "brokerUrl")

    def broker_endpoints(self) -> dict[str, Any]:
        """``agentUrl``, ``channelPort``, ``pid`` of the running broker; a `LedgerError` when it does not run."""
        return _endpoints(self.broker, "The broker", "agentUrl", "channelPort")

    def egress_endpoints(self) -> dict[str, Any]:
        """``socket``, ``pid`` of the running egress; a `LedgerError` when it does not run."""
        return _endpoints(self.egress, "The egress", "socket")


def _endpoints(folder: Path, name: str, *members: str) -> dict[str, Any]:
    file = folder / "endpoints.json"
    try:
        found = read_object(file, "pid", *members)
    except FileNotFoundError:
        raise LedgerError(503, "not_running", f"{name} does not run with this state folder.", "Start it: ledgeros up") from None
    if not isinstance(found["pid"], int):
        raise DamagedFileError(file)
    return found
