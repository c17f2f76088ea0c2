"""Which Chromium is started on this machine, and whether there is anywhere to show it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from broker.core.errors import LedgerError

VARIABLE = "LEDGEROS_CHROMIUM"
"""Environment variable that names the Chromium to start."""

CHROMIUM = ("chromium", "chromium-browser")
"""Chromium's own names."""
BRANDED = ("google-chrome", "google-chrome-stable", "microsoft-edge", "brave-browser")
"""Browsers that are Chromium as well. They load no unpacked extension from their command line."""


def chromium_path(named: str | None = None, also: Sequence[str] = ()) -> str:
    """The browser to start: `named`, else what ``LEDGEROS_CHROMIUM`` names, else the first from the path of Chromium and `also`.

    `LedgerError` when there is none such.
    """
    wanted = named or os.environ.get(VARIABLE)
    if wanted:
        if found := shutil.which(wanted):
            return found
        if named:
            raise LedgerError(404, "no_such_browser", "--browser names no program.", "Name a Chromium that is installed, or leave it out.")
        hint = "Name Chromium's program there, or unset it to take the one on the path."
        raise LedgerError(500, "no_chromium", f"{VARIABLE} names no program.", hint)
    found = next((path for name in (*CHROMIUM, *also) if (path := shutil.which(name))), None)
    if not found:
        raise LedgerError(500, "no_chromium", "Chromium is not installed.", "Install it: apt-get install chromium")
    return found


def has_display() -> bool:
    """Whether a window can be opened; other systems than Linux are taken to have a desktop."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
