"""What every test shares: files that may lie beside the clone, and nothing that talks to the outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
