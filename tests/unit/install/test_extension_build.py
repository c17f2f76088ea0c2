"""What counts as a change of the extension, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.install import extension_build


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for place in ("extension/ui", "broker/webui/static"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "extension" / "ui" / "Popup.tsx").write_text("popup")
    (tmp_path / "broker" / "webui" / "static" / "tokens.css").write_text("tokens")
    monkeypatch.setattr(extension_build, "clone_root", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("place", ["extension/ui/Popup.tsx", "extension/ui/New.tsx", "broker/webui/static/tokens.css"])
def test_what_the_build_reads_is_part_of_the_hash(clone: Path, place: str) -> None:
    before = extension_build.content_hash()
    (clone / place).write_text("changed")
    assert extension_build.content_hash() != before


@pytest.mark.parametrize("folder", ["node_modules", ".output", ".wxt", ".vitest"])
def test_what_tools_leave_behind_is_no_change(clone: Path, folder: str) -> None:
    before = extension_build.content_hash()
    (clone / "extension" / folder).mkdir()
    (clone / "extension" / folder / "left.json").write_text("{}")
    assert extension_build.content_hash() == before
