"""What every test shares: files that may lie beside the clone, and nothing that talks to the outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Hypothesis times its tests, and its first text draws a table of Unicode that a fresh clone has yet to make: no test here asserts time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """A function that finds a file of the shared folder (``LEDGEROS_SHARED``, default ``../shared``) or skips, saying why."""
    folder = Path(os.environ.get("LEDGEROS_SHARED") or ROOT.parent / "shared")

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"{name} is not there: set LEDGEROS_SHARED to the folder that holds it")
        return path

    return find
