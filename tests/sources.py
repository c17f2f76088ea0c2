"""The files of this project as text: what the clone holds, without what `.gitignore` leaves out.

Not asked of git: a downloaded copy has none, and a mounted one may refuse to answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def texts() -> Iterator[tuple[str, str]]:
    """Path below the clone and content of every file that is text."""
    for path in _files(ROOT):
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT).as_posix(), content.decode()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name == ".git" or _left_out(path):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path


def _left_out(path: Path) -> bool:
    whole = path.relative_to(ROOT).as_posix()
    return any(fnmatch(whole if "/" in pattern else path.name, pattern) for pattern in _ignored())


@cache
def _ignored() -> tuple[str, ...]:
    lines = (ROOT / ".gitignore").read_text().split()
    return tuple(line.rstrip("/") for line in lines)
