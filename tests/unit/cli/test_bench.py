"""``ledgeros bench``: what it needs is said before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.cli import bench, bench_start
from broker.cli.root import app
from broker.core.errors import LedgerError


@pytest.mark.parametrize("words", [["bench"], ["bench", "fill"], ["bench", "swap"]])
def test_without_a_browser_it_says_so_and_measures_nothing(words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LEDGEROS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("broker.install.extension_build.build_extension", lambda progress: pytest.fail("nothing is to be built"))
    monkeypatch.setattr(bench, "redeem", lambda: pytest.fail("nothing is to be measured"))
    refused = CliRunner().invoke(app, words).exception
    assert isinstance(refused, LedgerError)
    assert refused.message == "Chromium is not installed."


def test_a_browser_that_is_named_and_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEDGEROS_CHROMIUM", str(tmp_path / "chromium"))
    refused = CliRunner().invoke(app, ["bench", "fill"]).exception
    assert isinstance(refused, LedgerError)
    assert refused.message == "LEDGEROS_CHROMIUM names no program."


def test_without_a_command_everything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr("broker.demo.browser.chromium_path", lambda: "chromium")
    for module, name in ((bench, "redeem"), (bench, "fill"), (bench, "swap"), (bench_start, "start")):
        monkeypatch.setattr(module, name, lambda name=name: done.append(name))
    assert CliRunner().invoke(app, ["bench"]).exception is None
    assert done == ["redeem", "fill", "swap", "start"]
