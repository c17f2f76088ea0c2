"""Who else has a hand in the browser of a lesson, as far as Linux shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.core.errors import LedgerError
from broker.teach.alone import require_alone

PROFILE = Path("/profiles/ledgeros-teach-abc")
SOCKETS = "  sl  local_address rem_address   st tx rx tr tm retrnsmt uid timeout inode\n"


def proc(folder: Path, *, tracer: int = 0, state: str = "01", profile: Path = PROFILE) -> Path:
    """A ``/proc`` with one browser, whose one socket is in `state` (0A: it listens)."""
    process = folder / "41"
    (process / "fd").mkdir(parents=True)
    (process / "cmdline").write_bytes(f"/usr/lib/chromium/chromium\0--user-data-dir={profile}\0".encode())
    (process / "status").write_text(f"Name:\tchromium\nTracerPid:\t{tracer}\n")
    (process / "fd" / "5").symlink_to("socket:[777]")
    (folder / "net").mkdir()
    (folder / "net" / "tcp").write_text(f"{SOCKETS}   0: 0100007F:2475 00000000:0000 {state} 0 0 0 0 0 777\n")
    (folder / "net" / "tcp6").write_text(SOCKETS)
    return folder


def test_a_browser_of_ones_own_is_fine(tmp_path: Path) -> None:
    require_alone(PROFILE, proc(tmp_path))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"tracer": 99}, "traces the browser"),
        ({"state": "0A"}, "listens on port 9333"),
        ({"profile": Path("/profiles/of-an-agent")}, "No browser runs on the profile"),
    ],
)
def test_another_hand_in_it_is_noticed(tmp_path: Path, seen: dict[str, object], words: str) -> None:
    with pytest.raises(LedgerError, match=words):
        require_alone(PROFILE, proc(tmp_path, **seen))  # type: ignore[arg-type]


def test_where_nothing_can_be_noticed_nothing_is_claimed(tmp_path: Path) -> None:
    require_alone(PROFILE, tmp_path / "no-proc")
