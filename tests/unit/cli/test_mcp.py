"""``ledgeros mcp`` says what it lacks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from broker.cli.mcp import mcp
from broker.core.errors import LedgerError


def test_without_the_sdk_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LedgerError) as error:
        mcp(tmp_path / "agent.json")
    assert error.value.hint is not None
    assert ".whl)[mcp]" in error.value.hint


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"agent\.json cannot be read"):
        mcp(tmp_path / "agent.json")
