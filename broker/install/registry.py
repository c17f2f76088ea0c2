"""Where a browser learns of a native messaging host: files on Linux and macOS, registry keys on Windows."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from broker.install.native_messaging import BROWSERS, manifest_path, user_data_folder
from broker.native_host.launcher import HOST_NAME

_KEYS = {
    "chromium": r"Software\Chromium",
    "chrome": r"Software\Google\Chrome",
    "edge": r"Software\Microsoft\Edge",
    "brave": r"Software\BraveSoftware\Brave-Browser",
}


@dataclass(frozen=True, slots=True)
class Added:
    """One thing an installation added; `digest` is the SHA-256 of its content, empty for a folder."""

    kind: Literal["file", "folder", "key"]
    place: str
    digest: str = ""


class HostRegistry(Protocol):
    """The browsers of one person on one machine."""

    def present(self) -> list[str]:
        """The known browsers that this person has used here."""
        ...

    def plan(self, browser: str, manifest: bytes) -> list[Added]:
        """What `add` would add, folders first; nothing is written."""
        ...

    def add(self, browser: str, manifest: bytes) -> None:
        """Tell `browser` of the host that `manifest` describes."""
        ...

    def current(self, browser: str) -> bytes | None:
        """The manifest that `browser` reads for this person; None when there is none."""
        ...

    def content(self, added: Added) -> bytes | None:
        """What lies at the place of `added` now; None when nothing does."""
        ...

    def remove(self, added: Added) -> None:
        """Take it away; a folder only when it is empty."""
        ...


def digest(content: bytes) -> str:
    """SHA-256 as it stands in `Added`."""
    return hashlib.sha256(content).hexdigest()


def host_registry(home: Path, manifests: Path) -> HostRegistry:
    """The registry of this system; `manifests` is where Windows keeps the file that its key names."""
    if sys.platform == "win32":
        from broker.install.windows_keys import UserKeys

        return WindowsRegistry(manifests, UserKeys())
    return FileRegistry(home, sys.platform)


class FileRegistry:
    """Linux and macOS: one JSON file in the browser's user-data folder."""

    def __init__(self, home: Path, platform: str) -> None:
        self._home = home
        self._platform = platform

    def present(self) -> list[str]:
        """The browsers whose user-data folder exists."""
        return [browser for browser in BROWSERS if self._user_data(browser).is_dir()]

    def plan(self, browser: str, manifest: bytes) -> list[Added]:
        """The manifest, and the folders that are missing above it."""
        path = manifest_path(self._user_data(browser))
        missing = [folder for folder in path.parents if not folder.exists()]
        return [*(Added("folder", str(folder)) for folder in reversed(missing)), Added("file", str(path), digest(manifest))]

    def add(self, browser: str, manifest: bytes) -> None:
        """Write the manifest."""
        path = manifest_path(self._user_data(browser))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(manifest)

    def current(self, browser: str) -> bytes | None:
        """The manifest in the user-data folder."""
        path = manifest_path(self._user_data(browser))
        return path.read_bytes() if path.is_file() else None

    def content(self, added: Added) -> bytes | None:
        """The file's bytes."""
        return file_content(added)

    def remove(self, added: Added) -> None:
        """Remove the file or the empty folder."""
        remove_path(added)

    def _user_data(self, browser: str) -> Path:
        return user_data_folder(browser, self._home, self._platform)


class Keys(Protocol):
    """The default values of keys under ``HKEY_CURRENT_USER``."""

    def get(self, key: str) -> str | None:
        """The default value; None when there is no such key."""
        ...

    def set(self, key: str, value: str) -> None:
        """Make the key, with this default value."""
        ...

    def delete(self, key: str) -> None:
        """Remove the key."""
        ...


class WindowsRegistry:
    """Windows: a key for each browser names one manifest file."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._file = folder / f"{HOST_NAME}.json"
        self._keys = keys

    def present(self) -> list[str]:
        """The browsers that have a key of their own."""
        return [browser for browser in BROWSERS if self._keys.get(_KEYS[browser]) is not None]

    def plan(self, browser: str, manifest: bytes) -> list[Added]:
        """The manifest file and the key that names it."""
        return [Added("file", str(self._file), digest(manifest)), Added("key", host_key(browser), digest(str(self._file).encode()))]

    def add(self, browser: str, manifest: bytes) -> None:
        """Write the file, then the key."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(manifest)
        self._keys.set(host_key(browser), str(self._file))

    def current(self, browser: str) -> bytes | None:
        """The manifest that the key names."""
        named = self._keys.get(host_key(browser))
        return Path(named).read_bytes() if named and Path(named).is_file() else None

    def content(self, added: Added) -> bytes | None:
        """The file's bytes or the key's value."""
        if added.kind != "key":
            return file_content(added)
        value = self._keys.get(added.place)
        return None if value is None else value.encode()

    def remove(self, added: Added) -> None:
        """Remove the file, the empty folder or the key."""
        if added.kind == "key":
            self._keys.delete(added.place)
        else:
            remove_path(added)


def host_key(browser: str) -> str:
    """The key under ``HKEY_CURRENT_USER`` where `browser` looks for the host."""
    return f"{_KEYS[browser]}\\NativeMessagingHosts\\{HOST_NAME}"


def file_content(added: Added) -> bytes | None:
    """The bytes of a file; empty for a folder that exists."""
    path = Path(added.place)
    if added.kind == "folder":
        return b"" if path.is_dir() else None
    return path.read_bytes() if path.is_file() else None


def remove_path(added: Added) -> None:
    """Remove the file; a folder only when it is empty."""
    path = Path(added.place)
    if added.kind == "file":
        path.unlink()
    elif not any(path.iterdir()):
        path.rmdir()
