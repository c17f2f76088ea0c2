"""Where LedgerOS keeps things inside a state folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from broker.pki.files import PkiFolder


@dataclass(frozen=True, slots=True)
class IssuerState:
    """Paths of one installation: ``<root>/issuer`` is LedgerOS's own, ``<root>/pki`` is shared."""

    root: Path

    @property
    def folder(self) -> Path:
        """Everything only LedgerOS reads."""
        return self.root / "issuer"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "issuer.db"

    @property
    def keys(self) -> Path:
        """Key files (0600); back them up apart from the database."""
        return self.folder / "keys"

    @property
    def endpoints(self) -> Path:
        """``{"publicUrl", "brokerUrl", "pid"}`` while LedgerOS runs."""
        return self.folder / "endpoints.json"

    @property
    def pki(self) -> PkiFolder:
        """Certificates."""
        return PkiFolder(self.root / "pki")
