"""What a check looks at and what it answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from broker.install.layout import StateFolder
from broker.install.registry import FileRegistry, HostRegistry


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (``fault``) or worth knowing (``caution``), and its cure: one command or click."""

    name: str
    what: str
    cure: str
    severity: Literal["fault", "caution"] = "fault"


@dataclass(frozen=True, slots=True)
class Port:
    """A port on loopback, whose it is, and the option of ``ledgeros up`` that moves it."""

    server: Literal["issuer", "broker"]
    number: int
    option: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything a check may look at. `ports` are those that ``ledgeros up`` takes."""

    state: StateFolder
    home: Path
    registry: HostRegistry
    ports: tuple[Port, ...] = ()
    root: Path = Path("/")
    proc: Path = Path("/proc")
    platform: str = sys.platform
    now: Callable[[], datetime] = field(default=_utc_now)

    @classmethod
    def with_files(cls, state: StateFolder, home: Path, platform: str = "linux") -> Machine:
        """A machine whose browsers keep their manifests as files."""
        return cls(state, home, FileRegistry(home, platform), platform=platform)
