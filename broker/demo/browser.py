"""Chromium for the demo: one for the purchase (with the extension, driven by the agent too), one for the dashboard."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Playwright

from broker.core.errors import LedgerError
from broker.install.browsers import chromium_path, has_display

_FLAGS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=en-US",
)  # fmt: skip
_PORT_FILE = "DevToolsActivePort"
_WINDOW_SIZE = "--window-size=1180,860"


@dataclass(frozen=True, slots=True)
class Look:
    """How the browser appears: windows or none, light or dark."""

    headed: bool = False
    dark: bool = False


@dataclass(frozen=True, slots=True)
class ShoppingBrowser:
    """A running Chromium with the extension; `port` is its DevTools port on loopback."""

    context: BrowserContext
    profile: Path
    port: int


def sandboxed() -> bool:
    """Whether Chromium's sandbox is on: always, except as root, where Chromium refuses to start with it."""
    return os.geteuid() != 0


def require_display(look: Look) -> None:
    """A `LedgerError` when windows are asked for and there is nowhere to open them."""
    if look.headed and not has_display():
        raise LedgerError(
            500, "no_display", "HEADED=1 needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set.",
            "Run it on a desktop, or under: xvfb-run ./ledgeros demo HEADED=1",
        )  # fmt: skip


async def launch_shopping_browser(
    playwright: Playwright, profile: Path, extension: Path, trusted_keys: Sequence[str], look: Look
) -> ShoppingBrowser:
    """Start Chromium on `profile` with the unpacked `extension`; `trusted_keys` are accepted SPKI hashes."""
    (profile / _PORT_FILE).unlink(missing_ok=True)  # of an earlier start on this profile
    arguments = [
        *_arguments(look),
        _WINDOW_SIZE,
        "--remote-debugging-port=0",
        f"--load-extension={extension}",
        f"--disable-extensions-except={extension}",  # Playwright passes --disable-extensions
        f"--ignore-certificate-errors-spki-list={','.join(trusted_keys)}",
    ]
    context = await playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium_path(),
        headless=False,
        chromium_sandbox=sandboxed(),
        args=arguments,
        no_viewport=True,  # an emulated size would also be put on the extension's own window
        color_scheme="dark" if look.dark else "light",
    )
    return ShoppingBrowser(context, profile, await _devtools_port(profile))


async def launch_dashboard_browser(playwright: Playwright, trusted_keys: Sequence[str], look: Look) -> Browser:
    """A separate Chromium for the person's dashboard: the agent's browser never holds that session."""
    return await playwright.chromium.launch(
        executable_path=chromium_path(),
        headless=False,
        chromium_sandbox=sandboxed(),
        args=[*_arguments(look), f"--ignore-certificate-errors-spki-list={','.join(trusted_keys)}"],
    )


def _arguments(look: Look) -> list[str]:
    return [*_FLAGS] if look.headed else [*_FLAGS, "--headless=new"]


async def _devtools_port(profile: Path) -> int:
    path = profile / _PORT_FILE
    for _ in range(1_500):
        if path.exists() and (lines := path.read_text().splitlines()):
            return int(lines[0])
        await asyncio.sleep(0.02)
    raise LedgerError(500, "no_devtools", "Chromium did not open its DevTools port.", "Run the demo again.")
