"""The Windows registry behind `Keys`. Imported on Windows only; not run by our tests."""

from __future__ import annotations

import importlib
from typing import Any


class UserKeys:
    """Keys under ``HKEY_CURRENT_USER``."""

    def __init__(self) -> None:
        self._winreg: Any = importlib.import_module("winreg")  # missing from the type stubs of other systems

    def get(self, key: str) -> str | None:
        """The default value, empty when the key has none; None when there is no such key."""
        try:
            with self._winreg.OpenKey(self._winreg.HKEY_CURRENT_USER, key) as handle:
                return self._default(handle)
        except FileNotFoundError:
            return None

    def set(self, key: str, value: str) -> None:
        """Make the key, with this default value."""
        with self._winreg.CreateKey(self._winreg.HKEY_CURRENT_USER, key) as handle:
            self._winreg.SetValueEx(handle, "", 0, self._winreg.REG_SZ, value)

    def delete(self, key: str) -> None:
        """Remove the key."""
        self._winreg.DeleteKey(self._winreg.HKEY_CURRENT_USER, key)

    def _default(self, handle: Any) -> str:
        try:
            return str(self._winreg.QueryValueEx(handle, "")[0])
        except FileNotFoundError:
            return ""
