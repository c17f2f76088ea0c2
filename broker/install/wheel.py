"""Making the wheel, from a copy: the clone stays clean, and another instance may rebuild the extension meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from broker.core.errors import LedgerError
from broker.install.extension_build import built_extension, exclusive_build, extension_folder
from broker.install.layout import clone_root

_FILES = ("pyproject.toml", "setup.py", "README.md")
_LAST_LINES = 15


def make_wheel(target: Path) -> Path:
    """A wheel with the extension as it is built now, in `target`; `LedgerError` with pip's last lines when it fails."""
    with tempfile.TemporaryDirectory(prefix="ledgeros-wheel-") as folder:
        source, made = Path(folder) / "source", Path(folder) / "wheel"
        _copy(source)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(made), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
            raise LedgerError(500, "wheel_failed", "The wheel could not be built.", last)
        target.mkdir(parents=True, exist_ok=True)
        wheel = next(made.glob("*.whl"))
        return Path(shutil.move(wheel, target / wheel.name))


def _copy(source: Path) -> None:
    source.mkdir()
    for name in _FILES:
        shutil.copy(clone_root() / name, source)
    shutil.copytree(clone_root() / "broker", source / "broker", ignore=shutil.ignore_patterns("__pycache__"))
    target = source / extension_folder().name
    with exclusive_build():
        shutil.copytree(built_extension(), target / ".output" / built_extension().name)
    shutil.copy(extension_folder() / "extension-id.txt", target)
