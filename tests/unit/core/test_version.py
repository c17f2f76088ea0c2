"""The version that servers and tools say is the package's."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from broker.core import version

ROOT = Path(__file__).resolve().parents[3]


def test_a_clone_says_the_version_that_its_wheel_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", nothing_installed)
    assert version.own_version() == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
