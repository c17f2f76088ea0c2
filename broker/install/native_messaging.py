"""Telling a browser where the native messaging host is: one JSON manifest in the place it looks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from broker.core.errors import LedgerError
from broker.install.extension_build import extension_id
from broker.install.identities import identities
from broker.install.layout import StateFolder
from broker.native_host.launcher import HOST_NAME, HostConfig, write_launcher
from broker.pki.profile import Roles

_USER_FOLDERS = {
    "linux": {
        "chromium": ".config/chromium",
        "chrome": ".config/google-chrome",
        "edge": ".config/microsoft-edge",
        "brave": ".config/BraveSoftware/Brave-Browser",
    },
    "darwin": {
        "chromium": "Library/Application Support/Chromium",
        "chrome": "Library/Application Support/Google/Chrome",
        "edge": "Library/Application Support/Microsoft Edge",
        "brave": "Library/Application Support/BraveSoftware/Brave-Browser",
    },
}


_SYSTEM_FOLDERS = {
    "linux": {
        "chromium": "etc/chromium/native-messaging-hosts",
        "chrome": "etc/opt/chrome/native-messaging-hosts",
        "edge": "etc/opt/edge/native-messaging-hosts",
        "brave": "etc/opt/chrome/native-messaging-hosts",
    },
    "darwin": {
        "chromium": "Library/Application Support/Chromium/NativeMessagingHosts",
        "chrome": "Library/Google/Chrome/NativeMessagingHosts",
        "edge": "Library/Microsoft/Edge/NativeMessagingHosts",
        "brave": "Library/Google/Chrome/NativeMessagingHosts",
    },
}

BROWSERS = ("chromium", "chrome", "edge", "brave")
"""The browsers that `install` knows by name. Any other is named by its user-data folder, an absolute path."""


def user_data_folder(browser: str, home: Path, platform: str = sys.platform) -> Path:
    """The user-data folder of `browser`: of a known one its usual place under `home`, of any other what names it."""
    if Path(browser).is_absolute():
        return Path(browser)
    try:
        return home / _USER_FOLDERS[platform][browser]
    except KeyError:
        hint = "Name its user-data folder: ledgeros install --profile DIR"
        raise LedgerError(400, "unknown_browser", "There is no known place for that browser here.", hint) from None


def spoken_name(browser: str) -> str:
    """What to call `browser` in a sentence."""
    return browser.capitalize() if browser in BROWSERS else f"The browser of {browser}"


def system_manifest_path(browser: str, root: Path = Path("/"), platform: str = sys.platform) -> Path | None:
    """Where an administrator puts the manifest for everybody; None where no such place is known."""
    folder = _SYSTEM_FOLDERS.get(platform, {}).get(browser)
    return None if folder is None else root / folder / f"{HOST_NAME}.json"


def register_host(state: StateFolder, user_data: Path) -> Path:
    """Write launcher and configuration into the state folder and the manifest into `user_data`; returns the manifest's path."""
    path = manifest_path(user_data)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(manifest_bytes(write_host(state)))
    return path


def write_host(state: StateFolder) -> dict[str, Any]:
    """Write launcher and configuration into the state folder; returns the manifest that tells a browser about them."""
    config = HostConfig(
        port_file=str(state.broker / "channel.json"),
        ca_file=str(state.pki.ca_file),
        cert_file=str(state.pki.certificate_file(Roles.HOST_CLIENT)),
        key_file=str(state.pki.key_file(Roles.HOST_CLIENT)),
        broker_id=identities(state).broker_id,
    )
    return write_launcher(state.host, config, [extension_id()])


def manifest_bytes(manifest: dict[str, Any]) -> bytes:
    """A manifest as it lies in its file."""
    return (json.dumps(manifest, indent=2) + "\n").encode()


def manifest_path(user_data: Path) -> Path:
    """Where a browser with this user-data folder reads the manifest; it wins over the system-wide one."""
    return user_data / "NativeMessagingHosts" / f"{HOST_NAME}.json"
