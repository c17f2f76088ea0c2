"""How the demo ends: with its two lines, or by saying that nothing was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.demo import telling
from broker.demo.browser import Look
from broker.demo.measured import NotMeasuredError
from broker.demo.plan import Plan
from broker.demo.story import Story


def test_a_demo_that_measured_nothing_claims_nothing_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def nothing(story: Story) -> None:
        """Nobody takes part."""

    async def blind(story: Story) -> bool:
        raise NotMeasuredError("it recorded no request")

    monkeypatch.setattr(telling, "new_run_folder", lambda: tmp_path / "run")
    monkeypatch.setattr(Story, "set_up", nothing)
    monkeypatch.setattr(Story, "buy", blind)
    assert telling.tell(Look(), Plan()) == 1
    said = capsys.readouterr().out
    assert "demo: what the agent could read was not measured: it recorded no request; nothing is claimed" in said
    assert "readable in the page" not in said
